import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tfjs } from "@blora/engine-tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CAN_MOUNT, useSmallDisk } from "../../files/test/small-disk.ts";
import { causalArchitecture, writeCausalCheckpoint } from "../../trainer/test/tiny-causal.ts";
import { evaluateLikelihood, type LikelihoodRun } from "../src/index.ts";
import { choiceTask, joiningTokenizer, requests } from "./likelihood-problem.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "blora-likelihood-disk-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runOf = (outputDirectory: string): LikelihoodRun => ({
  architecture: causalArchitecture,
  checkpoint: writeCausalCheckpoint(folder),
  engine: tfjs({ backend: "cpu" }),
  tokenizer: joiningTokenizer,
  model: "tiny",
  task: choiceTask(requests, {}),
  tokenBudget: 3,
  outputDirectory,
});

test("two evaluations in one folder at the same moment: one is made whole, the other is refused", async () => {
  const out = join(folder, "twice");
  const endings = await Promise.allSettled([evaluateLikelihood(runOf(out)), evaluateLikelihood(runOf(out))]);
  expect(endings.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const refused = endings.find((ending) => ending.status === "rejected")!;
  expect(String(refused.reason)).toMatch(
    /^FolderInUseError: Expected no other run in this folder, found one by process /,
  );
  expect(readdirSync(out).sort()).toEqual(["answers.jsonl", "blora-run.json", "likelihood.json"]);
  expect(readFileSync(join(out, "answers.jsonl"), "utf8").trim().split("\n")).toHaveLength(requests.length);
});

describe.skipIf(!CAN_MOUNT)("a disk that gets full", () => {
  const disk = useSmallDisk(64);

  test("while answers are written keeps those that are there whole, and the evaluation goes on to the same scores", async () => {
    const whole = await evaluateLikelihood(runOf(join(folder, "whole")));
    const out = join(disk.path, "run");
    const answers = join(out, "answers.jsonl");
    let isFull = false;
    const onProgress = (): void => {
      if (!isFull) disk.leaveFree(0);
      isFull = true;
    };
    await expect(evaluateLikelihood({ ...runOf(out), onProgress })).rejects.toThrow(
      new RegExp(
        `^${out}/(answers\\.jsonl|likelihood\\.json): expected \\S+ KiB free for it, found a full disk \\(ENOSPC\\)`,
      ),
    );
    for (const line of readFileSync(answers, "utf8").trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("id");
    expect(readdirSync(out).filter((name) => name.startsWith(".") || name === "run.lock")).toEqual([]);
    disk.free();
    const { results, thisRun } = await evaluateLikelihood(runOf(out));
    expect(results).toEqual(whole.results);
    expect(thisRun.questions).toBeLessThan(requests.length);
  });
});
