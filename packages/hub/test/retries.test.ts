import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { LOCK_FILE } from "@blora/files";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { publishToHub, resolveAdapter } from "../src/index.ts";
import { type Fault, type HubStandIn, startHub } from "./hub-stand-in.ts";
import { published } from "./published.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TOKEN = "hf_aToken";
let hub: HubStandIn;
let waits: number[];
beforeEach(async () => {
  hub = await startHub(TOKEN);
  waits = [];
  await publishToHub(published(), { repository: "me/adapter", token: TOKEN, hubUrl: hub.url });
  hub.requests.length = 0;
});
afterEach(() => hub.close());

const download = (hubUrl = hub.url, cacheFolder = temporaryFolder()): Promise<string> =>
  resolveAdapter("me/adapter", {
    hubUrl,
    token: TOKEN,
    cacheFolder,
    retry: { attempts: 3, firstWaitMilliseconds: 10, wait: async (milliseconds) => void waits.push(milliseconds) },
  });

/** What a process that was killed leaves of the folder it writes to. */
function lockOfEndedProcess(folder: string): void {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  writeFileSync(join(folder, LOCK_FILE), JSON.stringify({ pid, host: hostname(), token: "of the killed one" }));
}

describe("a download", () => {
  test.each<[Fault, number]>([
    [500, 10],
    [503, 10],
    ["cut", 10],
    [429, 7000],
  ])("asks again after %s, and waits as long as the server says", async (fault, wait) => {
    hub.faults.set("/revision/", [fault]);
    hub.faults.set("/tree/", [fault]);
    hub.faults.set("adapter_config.json", [fault]);
    expect(readdirSync(await download())).toHaveLength(4);
    expect(waits).toEqual([wait, wait, wait]);
  });

  test.each([400, 401, 403, 404, 416])("asks once where the answer is %i", async (status) => {
    hub.faults.set("/revision/", [status]);
    await expect(download()).rejects.toThrow();
    expect(hub.requests).toHaveLength(1);
  });

  test("gives up after a bounded number of attempts, each after twice the wait", async () => {
    hub.faults.set("/revision/", Array<number>(50).fill(500));
    await expect(download()).rejects.toThrow(/answered 500 to a request for me\/adapter/);
    expect(hub.requests).toHaveLength(3);
    expect(waits).toEqual([10, 20]);
  });

  test("does not wait for a server that is not there", async () => {
    await expect(download("http://127.0.0.1:1")).rejects.toThrow(/Cannot download me\/adapter from http:\/\/127/);
    expect(waits).toEqual([]);
  });

  test("that is cut in the middle of a file goes on where it was", async () => {
    const text = "0123456789".repeat(100);
    hub.committed.set("adapter_model.safetensors", Buffer.from(text));
    hub.faults.set("adapter_model.safetensors", ["half", "half"]);
    const folder = await download();
    expect(readFileSync(join(folder, "adapter_model.safetensors"), "utf8")).toBe(text);
    expect(hub.ranges).toEqual(["bytes=500-999", "bytes=750-999"]);
    expect(waits).toEqual([10, 20]);
  });

  test("that is given up goes on where it was the next time, and is checked as a whole", async () => {
    const cacheFolder = temporaryFolder();
    const blobs = join(cacheFolder, "models--me--adapter", "blobs");
    const text = "0123456789".repeat(100);
    hub.committed.set("adapter_model.safetensors", Buffer.from(text));
    hub.faults.set("adapter_model.safetensors", ["half", "half", "half"]);
    await expect(download(hub.url, cacheFolder)).rejects.toThrow(/Cannot download me\/adapter from/);
    const [part] = readdirSync(blobs).filter((name) => name.endsWith(".download"));
    expect(readFileSync(join(blobs, part!, "content"), "utf8")).toBe(text.slice(0, 875));
    hub.ranges.length = 0;
    const folder = await download(hub.url, cacheFolder);
    expect(readFileSync(join(folder, "adapter_model.safetensors"), "utf8")).toBe(text);
    expect(hub.ranges).toEqual(["bytes=875-999"]);
    expect(readdirSync(blobs).filter((name) => /\.(?:download|incomplete)$/.test(name))).toEqual([]);
  });

  test("that goes on where a killed process was takes its bytes, though its lock is still there", async () => {
    const cacheFolder = temporaryFolder();
    const blobs = join(cacheFolder, "models--me--adapter", "blobs");
    const text = "0123456789".repeat(100);
    hub.committed.set("adapter_model.safetensors", Buffer.from(text));
    hub.faults.set("adapter_model.safetensors", ["half", "half", "half"]);
    await expect(download(hub.url, cacheFolder)).rejects.toThrow(/Cannot download/);
    const [part] = readdirSync(blobs).filter((name) => name.endsWith(".download"));
    lockOfEndedProcess(join(blobs, part!));
    hub.ranges.length = 0;
    const folder = await download(hub.url, cacheFolder);
    expect(readFileSync(join(folder, "adapter_model.safetensors"), "utf8")).toBe(text);
    expect(hub.ranges).toEqual(["bytes=875-999"]);
    expect(readdirSync(blobs).filter((name) => /\.(?:download|incomplete)$/.test(name))).toEqual([]);
  });

  test("that goes on after damaged bytes keeps none of them", async () => {
    const cacheFolder = temporaryFolder();
    const blobs = join(cacheFolder, "models--me--adapter", "blobs");
    hub.faults.set("adapter_model.safetensors", ["half", "half", "half"]);
    await expect(download(hub.url, cacheFolder)).rejects.toThrow(/Cannot download/);
    const [part] = readdirSync(blobs).filter((name) => name.endsWith(".download"));
    writeFileSync(join(blobs, part!, "content"), "x".repeat(10));
    await expect(download(hub.url, cacheFolder)).rejects.toThrow(/adapter_model\.safetensors is damaged/);
    expect(readdirSync(blobs).filter((name) => name.endsWith(".download"))).toEqual([]);
    expect(readdirSync(await download(hub.url, cacheFolder))).toHaveLength(4);
  });

  test("waits until the date that the server names, a minute at most", async () => {
    hub.retryAfter = new Date(Date.now() + 3_600_000).toUTCString();
    hub.faults.set("/revision/", [429]);
    await download();
    hub.retryAfter = "Thu, 01 Jan 1970 00:00:00 GMT";
    hub.faults.set("/revision/", [429]);
    await download();
    hub.retryAfter = "soon";
    hub.faults.set("/revision/", [429]);
    await download();
    expect(waits).toEqual([60_000, 0, 10]);
  });

  test("measures a date by the clock of the server that names it", async () => {
    hub.date = "Sat, 01 Jan 2000 12:00:00 GMT";
    hub.retryAfter = "Sat, 01 Jan 2000 12:00:07 GMT";
    hub.faults.set("/revision/", [429]);
    await download();
    expect(waits).toEqual([7000]);
  });

  test("says where the commit went away while it was downloaded", async () => {
    hub.faults.set("/tree/", [404]);
    await expect(download()).rejects.toThrow(/no longer serves me\/adapter at commit 0{40}, which main stood for/);
  });
});
