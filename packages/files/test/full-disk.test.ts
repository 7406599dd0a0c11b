import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  lockFolder,
  makeFolder,
  openLogFile,
  writeFileDurably,
  writeFileDurablySync,
  writeFolderDurably,
  writeNewFileDurably,
  writeNewFolderDurably,
} from "../src/index.ts";
import { CAN_MOUNT, PAGE, useSmallDisk } from "./small-disk.ts";

const OLD = "old";
const NEW = "n".repeat(8 * PAGE);

const fillFolder = async (aside: string): Promise<void> => {
  for (let index = 0; index < 4; index++) await writeFile(join(aside, `new-${index}`), NEW.slice(0, 2 * PAGE));
};

/** What this package writes: where to, below the disk, and whether the space it needs is known. */
const WRITERS: readonly (readonly [
  name: string,
  at: string,
  write: (path: string) => Promise<void>,
  isKnown: boolean,
])[] = [
  ["a file", "file", (path) => writeFileDurably(path, NEW), true],
  [
    "a file made piece by piece",
    "file",
    async (path) => writeFileDurablySync(path, (descriptor) => writeFileSync(descriptor, NEW), NEW.length),
    true,
  ],
  ["a new file", "new", (path) => writeNewFileDurably(path, NEW), true],
  ["a folder", "inner", (path) => writeFolderDurably(path, fillFolder), false],
  ["a new folder", "new", (path) => writeNewFolderDurably(path, fillFolder), false],
];

describe.skipIf(!CAN_MOUNT)("a disk", () => {
  const disk = useSmallDisk(16);

  /** What stood there before any writer came. */
  function writeOld(): void {
    writeFileSync(join(disk.path, "file"), OLD);
    mkdirSync(join(disk.path, "inner"));
    writeFileSync(join(disk.path, "inner", "old"), OLD);
  }

  const isOld = (): boolean =>
    readFileSync(join(disk.path, "file"), "utf8") === OLD &&
    readFileSync(join(disk.path, "inner", "old"), "utf8") === OLD;

  it.each(WRITERS)("that is full at any page of %s keeps what was there", async (_, at, write, isKnown) => {
    writeOld();
    const path = join(disk.path, at);
    const needed = isKnown ? "32\\.0 KiB" : "more space";
    for (let free = 0; free < 7; free++) {
      disk.leaveFree(free);
      await expect(write(path), `${free} pages free`).rejects.toThrow(
        new RegExp(
          `^${path}: expected ${needed} free for it, found a full disk \\(ENOSPC\\) with \\d+\\.\\d KiB left\\. `,
        ),
      );
      expect(isOld()).toBe(true);
      expect(readdirSync(disk.path).sort()).toEqual(["file", "filler", "inner"]);
    }
    disk.free();
    await write(path);
    expect(readdirSync(disk.path).sort()).toEqual([...new Set(["file", "inner", at])].sort());
  });

  it.each(WRITERS)("that is read-only keeps what was there from %s", async (_, at, write) => {
    writeOld();
    disk.makeReadOnly();
    const path = join(disk.path, at);
    await expect(write(path)).rejects.toThrow(
      `${path}: expected a place that can be written, found a read-only disk (EROFS).`,
    );
    expect(isOld()).toBe(true);
    expect(existsSync(join(disk.path, "new"))).toBe(false);
  });

  it("that is read-only is named as that by who makes folders in folders", async () => {
    await makeFolder(join(disk.path, "a", "b"));
    disk.makeReadOnly();
    await makeFolder(join(disk.path, "a", "b"));
    await expect(makeFolder(join(disk.path, "a", "c", "d", "e"))).rejects.toThrow(
      `EROFS: read-only file system, mkdir '${join(disk.path, "a", "c")}'`,
    );
  });

  it("that is the place of a new folder takes its files, or none of them", async () => {
    await expect(
      writeNewFolderDurably(disk.path, (aside) => writeFile(join(aside, "big"), NEW.repeat(4))),
    ).rejects.toThrow(`${disk.path}: expected more space free for it, found a full disk (ENOSPC)`);
    expect(readdirSync(disk.path)).toEqual([]);
    await writeNewFolderDurably(disk.path, fillFolder);
    expect(readdirSync(disk.path)).toEqual(["new-0", "new-1", "new-2", "new-3"]);
    expect(readFileSync(join(disk.path, "new-3"), "utf8")).toBe(NEW.slice(0, 2 * PAGE));
    await expect(writeNewFolderDurably(disk.path, fillFolder)).rejects.toThrow(
      "that is absent or empty, found files in it",
    );
  });

  it("that is full when a lock is taken leaves no lock that nobody holds", async () => {
    disk.leaveFree(0);
    await expect(lockFolder(disk.path)).rejects.toThrow(/run\.lock: expected .* free for it, found a full disk/);
    disk.free();
    await (await lockFolder(disk.path)).release();
  });

  it("that takes a part of an entry keeps the whole ones of a log", () => {
    const path = join(disk.path, "log");
    const log = openLogFile(path);
    log.append("one\n");
    disk.leaveFree(1);
    expect(() => log.append(`${"x".repeat(4 * PAGE)}\n`)).toThrow(
      `${path}: expected 16.0 KiB free for it, found a full disk`,
    );
    expect(readFileSync(path, "utf8")).toBe("one\n");
    disk.free();
    log.append(new TextEncoder().encode("two\n"));
    log.close();
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  });
});
