import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RUN_FILE } from "../src/run-config.ts";
import { claimRunFolder, clearRun, removeHalfMade } from "../src/run-folder.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const put = (folder: string, ...names: string[]): void => {
  for (const name of names) writeFileSync(join(folder, name), "mine");
};

describe("claimRunFolder", () => {
  it("makes a folder, takes an empty one, and takes one of a run with whatever else is in it", async () => {
    const folder = join(temporaryFolder(), "a", "b");
    await claimRunFolder(folder);
    await claimRunFolder(folder);
    put(folder, ".DS_Store", "run.lock");
    // What another process that is first is just writing.
    put(folder, ".partial-run.lock-1", `.partial-${RUN_FILE}~~1~2~3~4~5`);
    await claimRunFolder(folder);
    put(folder, RUN_FILE, "notes.txt");
    await claimRunFolder(folder);
    expect(readdirSync(folder).sort().slice(-3)).toEqual([RUN_FILE, "notes.txt", "run.lock"]);
    expect(readdirSync(folder)).toHaveLength(6);
  });

  it("refuses a folder with files and no run, and names some of them", async () => {
    const folder = temporaryFolder();
    put(folder, "config.json", "model.safetensors", "tokenizer.json", "vocab.txt", "zebra");
    await expect(claimRunFolder(folder)).rejects.toThrow(
      `${folder}: expected a folder that is absent, empty or a run's, with a blora-run.json; found config.json, model.safetensors, tokenizer.json and 2 more.`,
    );
    expect(readdirSync(folder)).toHaveLength(5);
  });

  it("refuses a path that is a file", async () => {
    const file = join(temporaryFolder(), "file");
    put(join(file, ".."), "file");
    await expect(claimRunFolder(file)).rejects.toThrow(`${file}: expected a folder that can be written`);
  });
});

describe("removeHalfMade", () => {
  it("takes away what a killed process was making, and leaves who takes the lock alone", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, ".partial-checkpoint-5~~1~2~3~4~5"));
    mkdirSync(join(folder, ".replaced-adapter~~1~2~3~4~5"));
    put(folder, ".partial-run.lock-1", "run.lock", "mine");
    await removeHalfMade(folder);
    expect(readdirSync(folder).sort()).toEqual([".partial-run.lock-1", "mine", "run.lock"]);
  });
});

describe("clearRun", () => {
  it("removes what a run writes and nothing else", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "adapter"));
    mkdirSync(join(folder, "checkpoint-8"));
    mkdirSync(join(folder, "checkpoint-of-mine"));
    put(folder, RUN_FILE, "metrics.jsonl", "summary.json", "config.json", "notes.txt");
    await clearRun(folder);
    expect(readdirSync(folder).sort()).toEqual(["checkpoint-of-mine", "config.json", "notes.txt"]);
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("mine");
  });
});
