import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  CHECKPOINT_MARKER,
  checkpointDefect,
  listCheckpoints,
  newestCheckpoint,
  pruneCheckpoints,
  writeCheckpoint,
} from "../src/checkpoint.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function write(folder: string, step: number, content = `state ${step}`): Promise<string> {
  return writeCheckpoint(folder, step, (aside) => writeFile(join(aside, "state.bin"), content));
}

async function newest(folder: string): Promise<{ step: number | undefined; skipped: string[] }> {
  const skipped: string[] = [];
  const found = await newestCheckpoint(folder, (message) => void skipped.push(message));
  return { step: found?.step, skipped };
}

describe("checkpoints", () => {
  it("of a folder that cannot be read are not none", async () => {
    const loop = join(temporaryFolder(), "loop");
    symlinkSync(loop, loop);
    await expect(listCheckpoints(loop)).rejects.toThrow("ELOOP");
    expect(await listCheckpoints(join(temporaryFolder(), "none"))).toEqual([]);
  });

  it("hold their files and the SHA-256 of each, and are found newest first", async () => {
    const run = temporaryFolder();
    await write(run, 9);
    const folder = await write(run, 10);
    expect(JSON.parse(readFileSync(join(folder, CHECKPOINT_MARKER), "utf8"))).toEqual({
      formatVersion: 2,
      step: 10,
      files: {
        "state.bin": { bytes: 8, sha256: "43e41ab5d0d2f6b8373875d9859495f623e771b0bfaec77fefcf519e7f53d25f" },
      },
    });
    expect((await listCheckpoints(run)).map(({ step }) => step)).toEqual([10, 9]);
    expect(await newest(run)).toEqual({ step: 10, skipped: [] });
  });

  it("fall back from one that was cut off, and say so (row 40)", async () => {
    const run = temporaryFolder();
    await write(run, 5);
    mkdirSync(join(run, "checkpoint-6"));
    writeFileSync(join(run, "checkpoint-6", "state.bin"), "half");
    const { step, skipped } = await newest(run);
    expect(step).toBe(5);
    expect(skipped).toEqual([
      `Passing over ${join(run, "checkpoint-6")}, which is incomplete: ${CHECKPOINT_MARKER} is missing.`,
    ]);
  });

  it("start anew where none was ever finished (row 40)", async () => {
    const run = temporaryFolder();
    mkdirSync(join(run, ".partial-checkpoint-3"));
    mkdirSync(join(run, "checkpoint-3"));
    expect((await newest(run)).step).toBeUndefined();
  });

  it("fall back from flipped, missing and lengthened files (row 42)", async () => {
    for (const [damage, message] of [
      [(path: string) => writeFileSync(path, "State 7"), "does not match its SHA-256"],
      [(path: string) => rmSync(path), "is missing"],
      [(path: string) => appendFileSync(path, "!"), "has 8 bytes instead of 7"],
    ] as const) {
      const run = temporaryFolder();
      await write(run, 6);
      damage(join(await write(run, 7), "state.bin"));
      const { step, skipped } = await newest(run);
      expect(step).toBe(6);
      expect(skipped[0]).toContain(`damaged: state.bin ${message}`);
    }
  });

  it("refuse to start anew where all are damaged (row 42)", async () => {
    const run = temporaryFolder();
    writeFileSync(join(await write(run, 7), "state.bin"), "State 7");
    await expect(newest(run)).rejects.toThrow(
      /Expected a whole checkpoint to resume from, found only damaged ones \(.*checkpoint-7: state\.bin/,
    );
  });

  it("are refused where another version wrote them, rather than passed over", async () => {
    const run = temporaryFolder();
    const folder = await write(run, 7);
    const marker = join(folder, CHECKPOINT_MARKER);
    const text = readFileSync(marker, "utf8");
    for (const format of ["1", '{"toString":1}']) {
      writeFileSync(marker, text.replace('"formatVersion": 2', `"formatVersion": ${format}`));
      await expect(newest(run)).rejects.toThrow(
        `${folder}: expected a checkpoint of format 2, found format ${format}, which another version of @blora/trainer wrote. Resume with that version, or start anew with overwrite.`,
      );
    }
  });

  it.each([
    "null",
    "3",
    "[]",
    '{"formatVersion":2,"step":7,"files":{"state.bin":null}}',
    '{"formatVersion":2,"step":7}',
  ])("are damaged where their marker is %s", async (content) => {
    const folder = await write(temporaryFolder(), 7);
    writeFileSync(join(folder, CHECKPOINT_MARKER), content);
    expect(await checkpointDefect(folder)).toEqual({
      kind: "damaged",
      message: `${CHECKPOINT_MARKER} does not list files`,
    });
  });

  it("keep the last good one when writing the next fails, such as on a full disk (row 39)", async () => {
    const run = temporaryFolder();
    await write(run, 1);
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    await expect(
      writeCheckpoint(run, 2, async (aside) => {
        await writeFile(join(aside, "state.bin"), "ha");
        throw full;
      }),
    ).rejects.toThrow("ENOSPC");
    expect(readdirSync(run)).toEqual(["checkpoint-1"]);
    expect(await checkpointDefect(join(run, "checkpoint-1"))).toBeUndefined();
  });

  it("replace one of the same step as a whole", async () => {
    const run = temporaryFolder();
    await write(run, 4, "old");
    const folder = await write(run, 4, "new");
    expect(readFileSync(join(folder, "state.bin"), "utf8")).toBe("new");
    expect(readdirSync(run)).toEqual(["checkpoint-4"]);
  });

  it("are pruned oldest first", async () => {
    const run = temporaryFolder();
    for (const step of [2, 10, 8]) await write(run, step);
    await pruneCheckpoints(run, 2);
    expect(readdirSync(run).sort()).toEqual(["checkpoint-10", "checkpoint-8"]);
  });
});
