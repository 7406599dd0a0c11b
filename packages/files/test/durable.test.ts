import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeFileDurably, writeFileDurablySync, writeFirstDurably, writeNewFileDurably } from "../src/durable.ts";
import { writeFolderDurably, writeNewFolderDurably } from "../src/durable-folder.ts";
import { partialPath, removeAbandoned, replacedPath } from "../src/partial-names.ts";
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

  it("of several that write it at one moment is that of the one which was told so", async () => {
    const folder = temporaryFolder();
    const rivals = ["a", "b", "c", "d", "e", "f"];
    const won = await Promise.all(rivals.map((rival) => writeFirstDurably(join(folder, "first"), rival)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(read(folder, "first")).toBe(rivals[won.indexOf(true)]);
    expect(await writeFirstDurably(join(folder, "first"), "late")).toBe(false);
    expect(readdirSync(folder)).toEqual(["first"]);
  });

  it("that comes piece by piece stays as it was where a piece does not come", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.bin"), "old");
    const pieces = async function* () {
      yield Buffer.from("half");
      throw new Error("no more");
    };
    await expect(writeFileDurably(join(folder, "a.bin"), pieces())).rejects.toThrow("no more");
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

  it("that must be new refuses one that holds something, also where that came meanwhile", async () => {
    const folder = join(temporaryFolder(), "out");
    mkdirSync(folder);
    await writeNewFolderDurably(folder, (aside) => writeFile(join(aside, "new.bin"), "new"));
    expect(readdirSync(folder)).toEqual(["new.bin"]);
    const refusal = `${folder}: expected a folder to write that is absent or empty, found files in it.`;
    await expect(writeNewFolderDurably(folder, async () => undefined)).rejects.toThrow(refusal);
    rmSync(folder, { recursive: true });
    const fill = async (aside: string): Promise<void> => {
      await writeFile(join(aside, "new.bin"), "new");
      mkdirSync(folder);
      writeFileSync(join(folder, "theirs.bin"), "theirs");
    };
    await expect(writeNewFolderDurably(folder, fill)).rejects.toThrow(refusal);
    expect(readdirSync(folder)).toEqual(["theirs.bin"]);
    expect(readdirSync(join(folder, ".."))).toEqual(["out"]);
  });
});

describe("two at the same moment", () => {
  const parts = ["a", "b", "c", "d"];
  /** Files of one hand, each written at another moment. */
  const fillWith =
    (word: string) =>
    async (aside: string): Promise<void> => {
      for (const part of parts) {
        await writeFile(join(aside, part), word);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
  const contentOf = (folder: string): string[] => readdirSync(folder).map((name) => read(folder, name));

  it("leave one of two files, whole", async () => {
    const folder = temporaryFolder();
    const texts = ["x".repeat(1e6), "y".repeat(1e6)];
    await Promise.all(texts.map((text) => writeFileDurably(join(folder, "file"), text)));
    expect(texts).toContain(read(folder, "file"));
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("make one new file: the others are refused, and what is there stays", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "file");
    const endings = await Promise.allSettled(parts.map((part) => writeNewFileDurably(path, part)));
    const refused = endings.flatMap((ending) => (ending.status === "rejected" ? [String(ending.reason)] : []));
    expect(refused).toEqual(
      parts.slice(1).map(() => `InvalidInputError: ${path}: expected a file that is not there yet, found one.`),
    );
    expect(read(path)).toBe(parts[endings.findIndex(({ status }) => status === "fulfilled")]);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("leave the folder of one of them where it is replaced, whole", async () => {
    for (let round = 0; round < 10; round++) {
      const folder = join(temporaryFolder(), "out");
      await writeFolderDurably(folder, fillWith("old"));
      await Promise.all(["one", "two", "three"].map((word) => writeFolderDurably(folder, fillWith(word))));
      const found = contentOf(folder);
      expect(found).toHaveLength(4);
      expect(new Set(found).size).toBe(1);
      expect(found[0]).not.toBe("old");
      expect(readdirSync(join(folder, ".."))).toEqual(["out"]);
    }
  });

  it("make one new folder, whole, and the others are refused", async () => {
    const folder = join(temporaryFolder(), "out");
    const endings = await Promise.allSettled(parts.map((word) => writeNewFolderDurably(folder, fillWith(word))));
    expect(endings.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const ending of endings) {
      if (ending.status === "rejected")
        expect(String(ending.reason)).toContain(`${folder}: expected a folder to write that`);
    }
    const winner = parts[endings.findIndex(({ status }) => status === "fulfilled")];
    expect(contentOf(folder)).toEqual([winner, winner, winner, winner]);
    expect(readdirSync(join(folder, ".."))).toEqual(["out"]);
  });
});

describe("what killed processes left of attempts to make a folder", () => {
  /** Its own name, as another process would have made it. */
  const ofProcess = (path: string, pid: number): string => path.replace(`~${process.pid}~`, `~${pid}~`);
  const ended = spawnSync(process.execPath, ["-e", ""]).pid;

  it("is removed, and nothing else", async () => {
    const parent = temporaryFolder();
    const out = join(parent, "out");
    const own = partialPath(out);
    const foreign = join(parent, ".partial-out~~another1~1~1~1~abcdef01");
    const kept = [
      own,
      foreign,
      ofProcess(partialPath(join(parent, "outer")), ended),
      join(parent, ".partial-out-mine"),
    ];
    for (const folder of [ofProcess(own, ended), ...kept]) mkdirSync(folder);
    await removeAbandoned(out);
    expect(readdirSync(parent).sort()).toEqual(kept.map((path) => basename(path)).sort());
  });

  it("is removed by who writes the same file", async () => {
    const file = join(temporaryFolder(), "a.json");
    writeFileSync(ofProcess(partialPath(file), ended), "half");
    await writeFileDurably(file, "whole");
    expect(readdirSync(join(file, ".."))).toEqual(["a.json"]);
    expect(read(file)).toBe("whole");
  });

  it("is put back where it was moved away and nothing took its place", async () => {
    const out = join(temporaryFolder(), "out");
    const moved = ofProcess(replacedPath(out), ended);
    mkdirSync(moved);
    writeFileSync(join(moved, "old.bin"), "old");
    await removeAbandoned(out);
    expect(read(out, "old.bin")).toBe("old");
    expect(readdirSync(join(out, ".."))).toEqual(["out"]);
  });
});
