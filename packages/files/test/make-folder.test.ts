import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

test("a folder is made with those above it, by many at once too", async () => {
  const path = join(temporaryFolder(), "a", "b", "c");
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(path, "d"))]);
  expect(statSync(join(path, "d")).isDirectory()).toBe(true);
});

test("a place that takes no folder is named with what the file system says", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  await expect(makeFolder(join(folder, "file"))).rejects.toThrow(
    `EEXIST: file already exists, mkdir '${join(folder, "file")}'`,
  );
  await expect(makeFolder(join(folder, "file", "in"))).rejects.toThrow(
    `EEXIST: file already exists, mkdir '${join(folder, "file")}'`,
  );
  symlinkSync(join(folder, "gone"), join(folder, "link"));
  await expect(makeFolder(join(folder, "link", "in"))).rejects.toThrow(`mkdir '${join(folder, "link")}'`);
  expect(existsSync(join(folder, "gone"))).toBe(false);
});

test.skipIf(process.platform !== "linux")("a folder of the kernel's is refused at once", async () => {
  await expect(makeFolder("/proc/nope/run")).rejects.toThrow("ENOENT: no such file or directory, mkdir '/proc/nope'");
});
