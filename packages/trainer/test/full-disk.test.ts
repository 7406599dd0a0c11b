import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { RunEvent } from "@blora/runs";
import { describe, expect, it } from "vitest";
import { CAN_MOUNT, useSmallDisk } from "../../files/test/small-disk.ts";
import { train } from "../src/train.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

const ARGUMENTS = { ...TINY_ARGUMENTS, maxSteps: 6, saveSteps: 2, evalSteps: 3, loggingSteps: 1 };

/** SHA-256 of every file below a folder, by path. */
function digests(folder: string, isWanted: (path: string) => boolean): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).filter(isWanted);
  const digest = (path: string): string =>
    createHash("sha256")
      .update(readFileSync(join(folder, path)))
      .digest("hex");
  return Object.fromEntries(paths.sort().map((path) => [path, digest(path)]));
}

const inAdapter = (path: string): boolean => path.startsWith("adapter/");

describe.skipIf(!CAN_MOUNT)("a run on a disk", () => {
  const disk = useSmallDisk(2048);
  const run = (onEvent: (event: RunEvent) => void = () => undefined): Promise<unknown> =>
    train(tinyRun(join(disk.path, "run"), { arguments: ARGUMENTS, onEvent }));

  it.each([0, 1, 2, 3, 5, 8, 13, 250])(
    "that gets full but for %i pages stops with one sentence, keeps its checkpoints and goes on to the same bytes",
    async (pages) => {
      const whole = join(temporaryFolder(), "whole");
      await train(tinyRun(whole, { arguments: ARGUMENTS }));
      let before: Record<string, string> = {};
      const isOld = (path: string): boolean => path.startsWith("checkpoint-2/");
      const fill = (event: RunEvent): void => {
        if (event.type !== "step" || event.step !== 3) return;
        before = digests(join(disk.path, "run"), isOld);
        disk.leaveFree(pages);
      };
      const sentence = `: expected \\S+ [KM]iB free for (it, found a full disk|checkpoints, found \\S+ [KM]iB)`;
      const out = join(disk.path, "run");
      await expect(run(fill)).rejects.toThrow(new RegExp(`^${out}(/[\\w./-]+)?${sentence}`));
      expect(Object.keys(before)).toContain("checkpoint-2/complete.json");
      expect(digests(out, isOld)).toEqual(before);
      const left = readdirSync(out, { recursive: true }).map(String);
      expect(left.filter((path) => /(^|\/)\.|run\.lock/.test(path))).toEqual([]);
      disk.free();
      await run();
      expect(digests(out, inAdapter)).toEqual(digests(whole, inAdapter));
    },
  );

  it("that is too small is refused before anything is trained, and one that is read-only leaves the run as it is", async () => {
    disk.leaveFree(200);
    const out = join(disk.path, "run");
    await expect(run()).rejects.toThrow(
      /^\S+: expected \d\.\d MiB free for checkpoints, found 0\.\d MiB\. Free some space/,
    );
    disk.free();
    await run();
    const before = digests(out, () => true);
    disk.makeReadOnly();
    await expect(run()).rejects.toThrow(
      `${join(out, "run.lock")}: expected a place that can be written, found a read-only disk (EROFS).`,
    );
    expect(digests(out, () => true)).toEqual(before);
  });
});
