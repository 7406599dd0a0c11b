import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder, writeFileDurably, writeFileDurablySync, writeFolderDurably } from "../src/index.ts";

const KIBIBYTE = 1024;
const PAGE = 4 * KIBIBYTE;
const OLD = "old";

const newFolder = (): string => mkdtempSync(join(tmpdir(), "blora-disk-"));
const mount = (folder: string, options: string): void => {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "pipe" });
};

/** A disk of its own takes a privilege that not everybody has. */
function canMount(): boolean {
  const folder = newFolder();
  try {
    mount(folder, "size=64k");
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What this package writes, each to a place that holds something old. */
const WRITERS: readonly (readonly [name: string, write: (folder: string) => Promise<void>])[] = [
  ["a file", (folder) => writeFileDurably(join(folder, "file"), "n".repeat(8 * PAGE))],
  [
    "a file made piece by piece",
    async (folder) =>
      writeFileDurablySync(join(folder, "file"), (descriptor) => writeFileSync(descriptor, "n".repeat(8 * PAGE))),
  ],
  [
    "a folder",
    (folder) =>
      writeFolderDurably(join(folder, "inner"), async (aside) => {
        for (let index = 0; index < 4; index++) await writeFile(join(aside, `new-${index}`), "n".repeat(2 * PAGE));
      }),
  ],
];

describe.skipIf(!canMount())("a disk of its own", () => {
  let disk: string;
  beforeEach(() => {
    disk = newFolder();
  });
  afterEach(() => {
    execFileSync("umount", [disk]);
    rmSync(disk, { recursive: true });
  });

  /** What stood there before any writer came. */
  function writeOld(): void {
    writeFileSync(join(disk, "file"), OLD);
    mkdirSync(join(disk, "inner"));
    writeFileSync(join(disk, "inner", "old"), OLD);
  }

  const isOld = (): boolean =>
    readFileSync(join(disk, "file"), "utf8") === OLD && readFileSync(join(disk, "inner", "old"), "utf8") === OLD;

  it.each(WRITERS)("that is full at any page of %s keeps what was there", async (_, write) => {
    mount(disk, `size=${64 * KIBIBYTE}`);
    writeOld();
    for (let free = 0; free < 7; free++) {
      rmSync(join(disk, "filler"), { force: true });
      writeFileSync(join(disk, "filler"), "f".repeat((64 / 4 - 2 - free) * PAGE));
      await expect(write(disk), `${free} pages free`).rejects.toThrow(/ENOSPC/);
      expect(isOld()).toBe(true);
      expect(readdirSync(disk).sort()).toEqual(["file", "filler", "inner"]);
    }
    rmSync(join(disk, "filler"));
    await write(disk);
    expect(readdirSync(disk).sort()).toEqual(["file", "inner"]);
  });

  it.each(WRITERS)("that is read-only keeps what was there from %s", async (_, write) => {
    mount(disk, `size=${64 * KIBIBYTE}`);
    writeOld();
    execFileSync("mount", ["-o", "remount,ro", disk]);
    await expect(write(disk)).rejects.toThrow(/EROFS/);
    expect(isOld()).toBe(true);
  });

  it("that is full when a lock is taken leaves no lock that nobody holds", async () => {
    mount(disk, `size=${64 * KIBIBYTE}`);
    writeFileSync(join(disk, "filler"), "f".repeat(16 * PAGE));
    await expect(lockFolder(disk)).rejects.toThrow(/ENOSPC/);
    rmSync(join(disk, "filler"));
    await (await lockFolder(disk)).release();
  });
});
