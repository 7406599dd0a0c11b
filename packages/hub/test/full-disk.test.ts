import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CAN_MOUNT, PAGE, useSmallDisk } from "../../files/test/small-disk.ts";
import { publishToHub, resolveAdapter } from "../src/index.ts";
import { type HubStandIn, startHub } from "./hub-stand-in.ts";
import { published } from "./published.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TOKEN = "hf_aToken";
const WEIGHTS = "adapter_model.safetensors";
let hub: HubStandIn;
beforeEach(async () => {
  hub = await startHub(TOKEN);
  await publishToHub(published(), { repository: "me/adapter", token: TOKEN, hubUrl: hub.url });
  hub.committed.set(WEIGHTS, Buffer.alloc(8 * PAGE, "w"));
});
afterEach(() => hub.close());

const download = (cacheFolder: string): Promise<string> =>
  resolveAdapter("me/adapter", { hubUrl: hub.url, token: TOKEN, cacheFolder });
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [] : [join(entry.parentPath, entry.name)],
  );

test("several downloads into one cache at the same moment end with the same files, whole", async () => {
  const cache = temporaryFolder();
  const folders = await Promise.all([download(cache), download(cache), download(cache)]);
  expect(new Set(folders).size).toBe(1);
  expect(readFileSync(join(folders[0]!, WEIGHTS), "utf8")).toBe("w".repeat(8 * PAGE));
  expect(filesBelow(cache).filter((path) => /\.incomplete|\.tmp$/.test(path))).toEqual([]);
});

describe.skipIf(!CAN_MOUNT)("a cache on a disk", () => {
  const disk = useSmallDisk(64);

  test("that is full is named with the file and the space it needs; nothing half-written stays, and it goes on later", async () => {
    disk.leaveFree(7);
    await expect(download(disk.path)).rejects.toThrow(
      /adapter_model\.safetensors: expected 32\.0 KiB free for it, found a full disk \(ENOSPC\)/,
    );
    expect(
      filesBelow(disk.path).filter((path) => path.includes(".incomplete") || path.includes("adapter_model")),
    ).toEqual([]);
    disk.free();
    const folder = await download(disk.path);
    expect(readFileSync(join(folder, WEIGHTS), "utf8")).toBe("w".repeat(8 * PAGE));
  });

  test("that is read-only gives what it holds, and names what cannot be written", async () => {
    const folder = await download(disk.path);
    disk.makeReadOnly();
    expect(await download(disk.path)).toBe(folder);
    await expect(download(join(disk.path, "other"))).rejects.toThrow(/^Cannot keep me\/adapter: .*other/);
    expect(existsSync(join(folder, WEIGHTS))).toBe(true);
  });
});
