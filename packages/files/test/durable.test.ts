import { mkdirSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeFileDurably, writeFileDurablySync, writeFolderDurably } from "../src/durable.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const read = (...path: string[]): string => readFileSync(join(...path), "utf8");

describe("a file", () => {
  it("is replaced as a whole and leaves nothing beside it", async () => {
    const folder = temporaryFolder();
    await writeFileDurably(join(folder, "a.json"), "old");
    await writeFileDurably(join(folder, "a.json"), "new");
    expect(read(folder, "a.json")).toBe("new");
    expect(readdirSync(folder)).toEqual(["a.json"]);
  });

  it("stays as it was where its content cannot be made", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.bin"), "old");
    const write = (descriptor: number): void => {
      writeSync(descriptor, "half");
      throw new Error("no more");
    };
    expect(() => writeFileDurablySync(join(folder, "a.bin"), write)).toThrow("no more");
    expect(read(folder, "a.bin")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  it("stays as it was, with nothing beside it, where it cannot be replaced", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "a.json"));
    await expect(writeFileDurably(join(folder, "a.json"), "new")).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["a.json"]);
  });
});

describe("a folder", () => {
  it("holds the new files alone", async () => {
    const folder = join(temporaryFolder(), "adapter");
    mkdirSync(folder);
    writeFileSync(join(folder, "old.bin"), "old");
    await writeFolderDurably(folder, (aside) => writeFile(join(aside, "new.bin"), "new"));
    expect(readdirSync(folder)).toEqual(["new.bin"]);
    expect(readdirSync(join(folder, ".."))).toEqual(["adapter"]);
  });

  it("keeps the old files where filling it fails", async () => {
    const folder = join(temporaryFolder(), "adapter");
    mkdirSync(folder);
    writeFileSync(join(folder, "old.bin"), "old");
    const fill = async (aside: string): Promise<void> => {
      await writeFile(join(aside, "new.bin"), "new");
      throw new Error("disk full");
    };
    await expect(writeFolderDurably(folder, fill)).rejects.toThrow("disk full");
    expect(readdirSync(folder)).toEqual(["old.bin"]);
    expect(readdirSync(join(folder, ".."))).toEqual(["adapter"]);
  });
});
