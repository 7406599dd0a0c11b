import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { fileAtUrl, fileOfBlob, sha256, sha256OfFile } from "../src/index.ts";
import { sha256OfFile as sha256InPage } from "../src/web.ts";

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

const blob = (): Blob => new Blob([BYTES]);

/** A `Blob` of a file that was changed since. */
const changed = {
  size: 1000,
  slice: () => ({ arrayBuffer: () => Promise.reject(new Error("could not be read")) }),
} as unknown as Blob;

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  onTestFinished(() => void server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}/model.safetensors`;
}

/** Sends the range that is asked for. */
function sendRange({ headers }: IncomingMessage, response: ServerResponse, version = "1"): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range!)!.map(Number);
  response.writeHead(206, { "Content-Range": `bytes ${first}-${last}/${BYTES.length}`, ETag: version });
  response.end(BYTES.subarray(first, last! + 1));
}

test("a blob is read by ranges", async () => {
  const file = fileOfBlob("m/model.safetensors", blob());
  expect([file.path, file.size, file.readNow]).toEqual(["m/model.safetensors", 1000, undefined]);
  expect(await file.read(10, 5)).toEqual(BYTES.slice(10, 15));
  expect(await sha256OfFile(file)).toBe(sha256(BYTES));
  expect(await sha256InPage(file)).toBe(sha256(BYTES));
});

test("a blob is read at once where a worker can", async () => {
  const readAsArrayBuffer = vi.fn(() => BYTES.slice(10, 15).buffer);
  vi.stubGlobal(
    "FileReaderSync",
    class {
      readAsArrayBuffer = readAsArrayBuffer;
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
  const file = fileOfBlob("m/model.safetensors", blob());
  expect(file.readNow!(10, 5)).toEqual(BYTES.slice(10, 15));
  expect(readAsArrayBuffer.mock.calls).toEqual([[expect.objectContaining({ size: 5 })]]);
  expect(() => file.readNow!(10, 6)).toThrow(/^m\/model\.safetensors: expected 6 bytes from byte 10 on, found 5/);
  readAsArrayBuffer.mockImplementation(() => {
    throw new Error("could not be read");
  });
  expect(() => file.readNow!(10, 5)).toThrow(/^m\/model\.safetensors: .*\(could not be read\).*chosen again\.$/);
});

test("a blob that is no longer what it was is named", async () => {
  await expect(fileOfBlob("m/a", blob()).read(998, 5)).rejects.toThrow(
    "m/a: expected 5 bytes from byte 998 on, found 2. It became shorter while it was read.",
  );
  await expect(fileOfBlob("m/a", changed).read(0, 5)).rejects.toThrow(
    /^m\/a: .*\(could not be read\)\. A file that was changed or moved since it was chosen must be chosen again\.$/,
  );
});

test("a file at an address is asked for by ranges", async () => {
  const ranges: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    ranges.push(request.headers.range);
    sendRange(request, response);
  });
  const file = await fileAtUrl(url);
  expect([file.path, file.size]).toEqual([url, 1000]);
  expect(await file.read(10, 5)).toEqual(BYTES.slice(10, 15));
  expect(await file.read(10, 0)).toEqual(new Uint8Array());
  expect(ranges).toEqual(["bytes=0-0", "bytes=10-14"]);
});

test("a server without ranges is asked once", async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked++;
    response.end(BYTES);
  });
  const file = await fileAtUrl(url);
  expect(await file.read(10, 5)).toEqual(BYTES.slice(10, 15));
  expect([file.size, asked]).toEqual([1000, 1]);
});

test("what an address does not send is said", async () => {
  const missing = await serve((_, response) => response.writeHead(404).end());
  await expect(fileAtUrl(missing)).rejects.toThrow(`${missing}: expected a file, found none.`);
  const closed = await serve((_, response) => response.writeHead(403).end());
  await expect(fileAtUrl(closed)).rejects.toThrow(`${closed}: expected bytes=0-0, found status 403.`);
  const silent = await serve((request) => request.destroy());
  await expect(fileAtUrl(silent)).rejects.toThrow(new RegExp(`^${silent}: expected bytes=0-0, found no answer \\(`));
  const sizeless = await serve((_, response) => response.writeHead(206).end("a"));
  await expect(fileAtUrl(sizeless)).rejects.toThrow(/expected the size of the file beside its first byte, found none/);
  let version = 0;
  const edited = await serve((request, response) => sendRange(request, response, String(version++)));
  await expect((await fileAtUrl(edited)).read(10, 5)).rejects.toThrow(
    `${edited}: expected the file of before, found another. It was changed while it was read.`,
  );
});
