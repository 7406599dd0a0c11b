import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CAN_MOUNT, useSmallDisk } from "../../../packages/files/test/small-disk.ts";
import { moveFiles, withPartialFolder } from "../src/run/partial-folder.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "blora-partial-"));
  mkdirSync(join(parent, "from", "onnx"), { recursive: true });
  writeFileSync(join(parent, "from", "config.json"), "new");
  writeFileSync(join(parent, "from", "onnx", "model.onnx"), "graph");
});
afterEach(() => rmSync(parent, { recursive: true }));

const options = { last: "config.json", isAsFound: () => true };
const read = (...path: string[]): string => readFileSync(join(...path), "utf8");

describe("files that are moved into a folder", () => {
  it("replace those of their names, and leave the others", async () => {
    const to = join(parent, "to");
    mkdirSync(to);
    writeFileSync(join(to, "config.json"), "old");
    writeFileSync(join(to, "mine.txt"), "mine");
    await moveFiles(join(parent, "from"), to, options);
    expect(readdirSync(to, { recursive: true }).map(String).sort()).toEqual([
      "config.json",
      "mine.txt",
      "onnx",
      join("onnx", "model.onnx"),
    ]);
    expect([read(to, "config.json"), read(to, "onnx", "model.onnx")]).toEqual(["new", "graph"]);
  });

  it("stay where they are where somebody else wrote the folder meanwhile", async () => {
    const to = join(parent, "to");
    const refused = moveFiles(join(parent, "from"), to, { ...options, isAsFound: () => false });
    await expect(refused).rejects.toThrow(
      `${to}: expected nobody else to write this folder meanwhile, found its config.json`,
    );
    expect(readdirSync(to)).toEqual([]);
    expect(read(parent, "from", "config.json")).toBe("new");
  });
});

describe.skipIf(!CAN_MOUNT)("a folder that is a disk of its own", () => {
  const disk = useSmallDisk(16);

  it("takes files by copies", async () => {
    await moveFiles(join(parent, "from"), disk.path, options);
    expect(readdirSync(disk.path).sort()).toEqual(["config.json", "onnx"]);
    expect(readdirSync(join(disk.path, "onnx"))).toEqual(["model.onnx"]);
    expect(read(disk.path, "onnx", "model.onnx")).toBe("graph");
  });
});

describe("a folder beside an output", () => {
  it("is gone however the work ends, and errors name the output", async () => {
    const out = join(parent, "out");
    const made = await withPartialFolder(out, async (folder) => {
      mkdirSync(folder.made, { recursive: true });
      return folder.made;
    });
    expect(made.startsWith(join(parent, ".partial-out~"))).toBe(true);
    const failing = withPartialFolder(out, async (folder) => {
      mkdirSync(folder.made, { recursive: true });
      throw new Error(`${folder.made}/model.onnx: no room`);
    });
    await expect(failing).rejects.toThrow(`${out}/model.onnx: no room`);
    expect(readdirSync(parent)).toEqual(["from"]);
  });
});
