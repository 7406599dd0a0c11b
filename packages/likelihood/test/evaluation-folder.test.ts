import { appendFileSync, cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LikelihoodRequest } from "@blora/spec";
import { openCheckpoint } from "@blora/weights";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../trainer/test/temporary-folder.ts";
import { answerShard, evaluateLikelihood, type LikelihoodRun } from "../src/index.ts";
import { choiceTask, requests, runIn } from "./likelihood-problem.ts";

const runOf = (asked: readonly LikelihoodRequest[]): LikelihoodRun => runIn(temporaryFolder(), asked);

describe("an evaluation in a folder", () => {
  test("that is interrupted goes on where it was", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    let passes = 0;
    const whole = await evaluateLikelihood({ ...runOf(requests), tokenBudget: 3 });
    const run = { ...runOf(requests), tokenBudget: 3, outputDirectory };
    const stopped = await evaluateLikelihood({ ...run, shouldStop: () => passes++ > 4 });
    expect(stopped).toMatchObject({ interrupted: true, results: undefined });
    const kept = stopped.answers.length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(requests.length);

    // As a crash in the middle of a line leaves it.
    appendFileSync(join(outputDirectory, "answers.jsonl"), '{"id":"second/2","logLikel');
    const finished = await evaluateLikelihood(run);
    expect(finished.thisRun.questions).toBe(requests.length - kept);
    expect(finished.answers.map(({ id, chosen }) => [id, chosen])).toEqual(
      whole.answers.map(({ id, chosen }) => [id, chosen]),
    );
    const written = JSON.parse(readFileSync(join(outputDirectory, "likelihood.json"), "utf8"));
    expect(written).toMatchObject({ protocol: { name: "plain", version: "1", shots: 2 }, questions: requests.length });
    expect(written.promptsSha256).toMatch(/^[0-9a-f]{64}$/);
    const lines = readFileSync(join(outputDirectory, "answers.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).id).sort()).toEqual(requests.map(({ id }) => id).sort());
  });

  test("that is answered in shards gives what one alone gives, to the last bit, and asks nothing again", async () => {
    const whole = await evaluateLikelihood({ ...runOf(requests), tokenBudget: 3 });
    for (const count of [1, 2, 3]) {
      const run = { ...runOf(requests), tokenBudget: 3, outputDirectory: join(temporaryFolder(), "run") };
      const shards = Array.from({ length: count }, (_, index) => answerShard(run, { index, count }));
      const expected = [[8], [5, 3], [5, 3, 0]][count - 1]!.map((questions) => ({ questions, answered: questions }));
      expect(await Promise.all(shards)).toEqual(expected);
      const gathered = await evaluateLikelihood(run);
      expect(gathered.thisRun.questions).toBe(0);
      expect(gathered.answers).toEqual(whole.answers);
      expect(gathered.results).toEqual(whole.results);
    }
  });

  test("takes no answers of shards of other questions, and asks what a shard has not answered", async () => {
    const folder = temporaryFolder();
    const outputDirectory = join(folder, "run");
    const run = { ...runOf(requests), outputDirectory };
    const foreign = { ...runOf(requests.slice(1)), outputDirectory: join(folder, "other") };
    await answerShard(foreign, { index: 0, count: 2 });
    let passes = 0;
    const stopped = { ...run, tokenBudget: 3, shouldStop: () => passes++ > 1 };
    const { questions, answered } = await answerShard(stopped, { index: 1, count: 2 });
    expect([questions, answered < questions]).toEqual([3, true]);
    renameSync(join(folder, "other", "shard-1-of-2"), join(outputDirectory, "shard-1-of-2"));
    const { thisRun, interrupted } = await evaluateLikelihood(run);
    expect([thisRun.questions, interrupted]).toEqual([requests.length - answered, false]);
  });

  test("refuses to go on with other questions, naming what differs", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    await evaluateLikelihood({ ...runOf(requests), outputDirectory });
    await expect(evaluateLikelihood({ ...runOf(requests.slice(1)), outputDirectory })).rejects.toThrow(
      /expected the evaluation this folder was started with, found promptsSha256: /,
    );
  });

  test("goes on where the options of the task are only written otherwise, and names them where questions are others", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const evaluated = (asked: typeof requests, options: object) => {
      const task = { ...choiceTask(asked), toJSON: () => ({ $plugin: "task/choice", options }) };
      return evaluateLikelihood({ ...runOf(asked), task, outputDirectory });
    };
    await evaluated(requests, { shots: 2 });
    expect((await evaluated(requests, {})).thisRun.questions).toBe(0);
    await expect(evaluated(requests.slice(1), { limit: 7 })).rejects.toThrow(
      /found task\.manifest\.options\.shots: 2 -> unset; promptsSha256: .*; task\.manifest\.options\.limit: unset -> 7\. /,
    );
  });

  test("refuses to go on with other weights of the same name", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const run = { ...runOf(requests), outputDirectory };
    await evaluateLikelihood(run);
    const other = temporaryFolder();
    cpSync(run.checkpoint.folder, other, { recursive: true });
    const file = join(other, "model.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 4]! ^= 1;
    writeFileSync(file, bytes);
    await expect(evaluateLikelihood({ ...run, checkpoint: openCheckpoint(other) })).rejects.toThrow(
      /expected the evaluation this folder was started with, found modelSha256: "[0-9a-f]{64}" -> "[0-9a-f]{64}"\. /,
    );
  });

  test("refuses to go on with a tokenizer that gives other ids", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const run = { ...runOf(requests), outputDirectory };
    await evaluateLikelihood(run);
    const swapped = (id: number): number => (id === 6 ? 7 : id === 7 ? 6 : id);
    const tokenizer = { ...run.tokenizer, encode: (text: string) => run.tokenizer.encode(text).map(swapped) };
    await expect(evaluateLikelihood({ ...run, tokenizer })).rejects.toThrow(
      /expected the evaluation this folder was started with, found tokensSha256: "[0-9a-f]{64}" -> "[0-9a-f]{64}"\. /,
    );
  });

  test("goes on where the model was moved", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const run = { ...runOf(requests), outputDirectory };
    await evaluateLikelihood(run);
    const moved = await evaluateLikelihood({ ...run, model: "elsewhere/tiny" });
    expect(moved.thisRun.questions).toBe(0);
  });

  test("asks nothing again once it is finished", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const first = await evaluateLikelihood({ ...runOf(requests), outputDirectory });
    const again = await evaluateLikelihood({ ...runOf(requests), outputDirectory });
    expect(again.thisRun).toMatchObject({ questions: 0, tokens: 0 });
    expect(again.results).toEqual(first.results);
  });
});
