import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { createDownloadLine } from "../src/output/download-line.ts";
import { modelFolder } from "../src/run/open-run.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function shown(isTTY: boolean): string[] {
  const lines: string[] = [];
  const show = createDownloadLine({ isTTY, write: (text) => lines.push(text) });
  for (const bytes of [10_000, 10_001, 500_000, 2_000_000])
    show({ file: "model.safetensors", bytes, total: 2_000_000 });
  show({ file: "config.json", bytes: 100, total: 100 });
  return lines;
}

test("is redrawn for each percent on a terminal, and stays when the file is whole", () => {
  expect(shown(true)).toEqual([
    "\r\u001b[Kdownloading model.safetensors  0 % of 2.0 MB",
    "\r\u001b[Kdownloading model.safetensors  25 % of 2.0 MB",
    "\r\u001b[Kdownloading model.safetensors  100 % of 2.0 MB\n",
    "\r\u001b[Kdownloading config.json  100 % of 0.0 MB\n",
  ]);
});

test("is one line for each file elsewhere", () => {
  expect(shown(false)).toEqual(["downloading model.safetensors, 2.0 MB\n", "downloading config.json, 0.0 MB\n"]);
});

test("shows the download of a model on stderr", async () => {
  const commit = "c".repeat(40);
  const files: Readonly<Record<string, string>> = { "config.json": "{}", "model.safetensors": "weights" };
  const server = createServer(({ url = "", headers }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const content = files[pathname.split("/").at(-1)!];
    if (content === undefined) {
      const oid = (path: string): string => Buffer.from(path).toString("hex").slice(0, 20);
      const listed = Object.keys(files).map((path) => ({
        type: "file",
        path,
        size: files[path]!.length,
        oid: oid(path),
      }));
      response.setHeader("Content-Type", "application/json");
      return void response.end(JSON.stringify(pathname.includes("/tree/") ? listed : { id: "org/tiny", sha: commit }));
    }
    response.setHeader("ETag", '"x"');
    if (headers.range === "bytes=0-0") response.writeHead(206, { "Content-Range": `bytes 0-0/${content.length}` });
    response.end(headers.range === "bytes=0-0" ? content[0] : content);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const home = mkdtempSync(join(tmpdir(), "blora-cli-"));
  onTestFinished(() => {
    server.close();
    rmSync(home, { recursive: true });
  });
  vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("HF_HOME", home);
  vi.stubEnv("HF_HUB_CACHE", undefined);
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  expect(await modelFolder("org/tiny", {})).toBe(join(home, "hub", "models--org--tiny", "snapshots", commit));
  expect(write.mock.calls.map(([text]) => text).join("")).toMatch(
    /downloading model\.safetensors.*\n.*downloading config\.json/,
  );
});
