import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useCpuBackend } from "@blora/testing";
import { expect, test } from "vitest";
import { train } from "../src/train.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { writeTinyCheckpoint } from "./tiny-problem.ts";
import { TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

useCpuBackend();

/** Every file of a folder with its bytes, by path. */
function bytesOf(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), "base64")]),
  );
}

test.each([{ overwrite: false }, { overwrite: true }])(
  "a run into a model's folder changes no byte of it (%o)",
  async (options) => {
    const { folder } = writeTinyCheckpoint(mkdtempSync(join(tmpdir(), "blora-own-folder-")));
    const before = bytesOf(folder);
    await expect(train(tinyRun(folder, options))).rejects.toThrow(
      `${folder}: expected a folder that is absent, empty or a run's`,
    );
    expect(bytesOf(folder)).toEqual(before);
  },
);

test("overwriting with settings that are refused keeps the earlier run", async () => {
  const out = join(temporaryFolder(), "run");
  await train(tinyRun(out, { arguments: { ...TINY_ARGUMENTS, maxSteps: 2 } }));
  const before = bytesOf(out);
  const refused = tinyRun(out, { overwrite: true, arguments: { ...TINY_ARGUMENTS, learningRate: -1 } });
  await expect(train(refused)).rejects.toThrow("learningRate");
  expect(bytesOf(out)).toEqual(before);
});
