import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CAN_MOUNT, useSmallDisk } from "../../../packages/files/test/small-disk.ts";
import { blora, requireBuild } from "./run-blora.ts";

const PROGRAM = fileURLToPath(new URL("../dist/blora.js", import.meta.url));
const RECIPE = fileURLToPath(new URL("recipes/tiny.ts", import.meta.url));

describe.skipIf(!CAN_MOUNT)("a disk that is full", { timeout: 120_000 }, () => {
  const disk = useSmallDisk(64);
  let folder: string;
  let run: string;
  beforeAll(async () => {
    requireBuild();
    folder = mkdtempSync(join(tmpdir(), "blora-full-"));
    run = join(folder, "run");
    const { status } = await blora(["train", "--config", RECIPE, "--out", run, "--threads", "1"]);
    expect(status).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each<[string, string[], (out: string) => string]>([
    [
      "train",
      ["--config", RECIPE, "--threads", "1", "--out", "OUT"],
      (out) => `${out}: expected 4.6 MiB free for checkpoints`,
    ],
    ["merge", ["--adapter", "RUN", "--out", "OUT"], (out) => `${out}: expected 3.6 MiB free for the merged weights`],
    ["export", ["--adapter", "RUN", "--out", "OUT"], (out) => `${out}: expected 7.2 MiB free for the graph's weights`],
    ["publish", ["RUN", "--to", "OUT"], (out) => `${out}: expected 0.3 MiB free for the publication`],
    ["predict", ["RUN", "--threads", "1", "--out", "OUT"], (out) => `${out}: expected 59.2 KiB free for it`],
  ])("keeps what was there from %s, which names its output and the space it needs", async (command, args, sentence) => {
    mkdirSync(join(disk.path, "earlier"));
    writeFileSync(join(disk.path, "earlier", "file"), "mine");
    disk.leaveFree(5);
    const out = join(disk.path, "out");
    const words = args.map((word) => word.replace("RUN", run).replace("OUT", out));
    const { status, stdout, stderr } = await blora([command, ...words]);
    expect([status, stdout]).toEqual([1, ""]);
    const said = stderr.split("\n").filter((line) => line.startsWith("blora: "));
    expect(said).toEqual([expect.stringMatching(new RegExp(`^blora: ${sentence(out)}.*, found .*\\b\\d+\\.0 KiB`))]);
    const left = readdirSync(disk.path).sort();
    // A prediction keeps what it has answered: the same command goes on from it.
    const kept: Readonly<Record<string, readonly string[]>> = { train: ["out"], predict: [".partial-out"] };
    expect(left).toEqual([...["earlier", "filler"], ...(kept[command] ?? [])].sort());
    if (command === "train") expect(readdirSync(out)).toEqual([]);
  });

  test("takes a part of what a command prints into a file: that is one sentence and no success", () => {
    disk.leaveFree(2);
    const out = openSync(join(disk.path, "out"), "w");
    const args = [PROGRAM, "predict", run, "--threads", "1"];
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", out, "pipe"] });
    closeSync(out);
    expect(status).toBe(1);
    expect(
      String(stderr)
        .split("\n")
        .filter((line) => line.startsWith("blora: ")),
    ).toEqual(["blora: standard output: expected room for all of it, found that its disk is full (ENOSPC)."]);
  });
});
