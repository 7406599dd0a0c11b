import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tfjs } from "@blora/engine-tfjs";
import type { StepResult } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import type { Checkpoint } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeSplit } from "../src/data/encoded-split.ts";
import { packRows, type TrainingRow } from "../src/data/packing.ts";
import { evaluate } from "../src/evaluate.ts";
import { evaluateSplit } from "../src/evaluation.ts";
import { accumulateGradients } from "../src/gradients.ts";
import { bindModel, initAdapters } from "../src/prepare-training.ts";
import type { TrainRun } from "../src/run.ts";
import { createTrainingState } from "../src/state/training-state.ts";
import { createStepRunner } from "../src/steps/step-runner.ts";
import { train } from "../src/train.ts";
import { causalArchitecture, writeCausalCheckpoint } from "./tiny-causal.ts";
import { countingExamples, countingTask } from "./tiny-causal-task.ts";
import { RESUME_ARGUMENTS, TINY_ARGUMENTS, tinyParts } from "./tiny-parts.ts";
import { gatedLora, letterTask, plainLora, tokenizer } from "./tiny-problem.ts";

let folder = "";
let checkpoint: Checkpoint;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "blora-causal-"));
  checkpoint = writeCausalCheckpoint(join(folder, "model"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function causalRun(name: string, change: Partial<TrainRun> = {}): TrainRun {
  return {
    ...tinyParts(checkpoint, join(folder, name)),
    architecture: causalArchitecture,
    task: countingTask(),
    method: plainLora({ dropout: 0 }),
    ...change,
  };
}

/** A runner over the tiny model whose adapters change something, and rows to run. */
async function setUp(count = 12, change: Partial<TrainRun> = {}) {
  const run = causalRun("unused", change);
  const model = bindModel(run, undefined, 1);
  const adapters = initAdapters(model, 1);
  for (const { parameters } of adapters.values()) parameters.B?.values.fill(0.2);
  const state = createTrainingState(adapters, model.freshHead);
  const runner = createStepRunner({
    engine: tfjs({ backend: "cpu" }),
    model,
    state,
    seed: 1,
    padId: 0,
    onCompile: () => undefined,
  });
  const split = await encodeSplit("train", {
    task: countingTask({ train: countingExamples(count, "train") }),
    tokenizer,
    maxLength: 24,
    folder: undefined,
    limit: undefined,
    vocabularySize: undefined,
  });
  return { model, state, runner, split };
}

const rowsOf = (rows: readonly TrainingRow[]) => ({ rows: [...rows.keys()], size: rows.length, length: 24 });
const targetsOf = (rows: readonly TrainingRow[]) => rows.reduce((sum, { targets = [] }) => sum + targets.length, 0);

function expectSameUpdate(actual: Pick<StepResult, "gradients">, expected: Pick<StepResult, "gradients">): void {
  const names = Object.keys(expected.gradients);
  expect(Object.keys(actual.gradients)).toEqual(names);
  for (const name of names) {
    expect(
      expected.gradients[name]!.some((value) => Math.abs(value) > 1e-4),
      name,
    ).toBe(true);
    expectAllClose(actual.gradients[name]!, expected.gradients[name]!, { relative: 1e-4, absolute: 1e-6 });
  }
}

describe("packed rows", () => {
  test("give the loss and gradients of the same texts one a row", async () => {
    const { runner, split } = await setUp();
    const packed = packRows(split.rows, 24);
    expect(packed.length).toBeLessThan(split.rows.length / 2);
    const weight = 1 / targetsOf(split.rows);
    const alone = await runner.train(split.rows, rowsOf(split.rows), weight, 1);
    const { loss, gradients } = { ...alone, gradients: copy(alone.gradients) };
    const together = await runner.train(packed, rowsOf(packed), weight, 1);
    expect(together.loss).toBeCloseTo(loss!, 5);
    expectSameUpdate(together, { gradients });
  });

  test("would not, if texts saw each other: neighbours change nothing, and must", async () => {
    const { runner, split } = await setUp();
    const [row] = packRows(split.rows, 24);
    const joined = { ...row!, starts: [0] };
    const batch = { rows: [0], size: 1, length: 24 };
    const apart = await runner.train([row!], batch, 1, 1);
    const { loss } = apart;
    const contaminated = await runner.train([joined], batch, 1, 1);
    expect(Math.abs(contaminated.loss! - loss!)).toBeGreaterThan(0.05);
  });
});

describe("the loss of an update", () => {
  test("is the mean over its target tokens, however texts fall into batches", async () => {
    const { model, runner, split } = await setUp();
    const gradientsOf = (batches: readonly (readonly number[])[], size: number) =>
      accumulateGradients({
        ...{ runner, objective: model.objective, rows: split.rows },
        batches: batches.map((rows) => ({ rows, size, length: 24 })),
        firstNoiseStep: 1,
      });
    const whole = await gradientsOf([[...split.rows.keys()]], 12);
    const parts = await gradientsOf(
      [
        [0, 1, 2, 3, 4],
        [5, 6, 7, 8, 9],
        [10, 11],
      ],
      5,
    );
    expect(whole.losses).toBe(targetsOf(split.rows));
    expect(parts.losses).toBe(whole.losses);
    expect(parts.loss).toBeCloseTo(whole.loss, 5);
    expectSameUpdate(
      { gradients: Object.fromEntries(parts.gradients) },
      { gradients: Object.fromEntries(whole.gradients) },
    );
  });

  test("is the evaluation's loss, a mean over target tokens", async () => {
    const { model, runner, split } = await setUp();
    const evaluation = (await evaluateSplit(split, { runner, model, batchSize: 5, padToMultipleOf: 8, limit: 24 }))!;
    const { loss } = await runner.train(split.rows, rowsOf(split.rows), 1 / targetsOf(split.rows), 1);
    expect(evaluation.loss).toBeCloseTo(loss!, 5);
    expect(evaluation.scores!.logLikelihood).toBeCloseTo(-loss!, 5);
    expect(evaluation.likelihoods!.map(({ tokens }) => tokens)).toEqual(split.rows.map((row) => row.targets!.length));
  });
});

describe("training a language model", () => {
  test("raises the likelihood of held-out completions, and writes a causal adapter", async () => {
    const summary = await train(causalRun("learns", { arguments: { ...TINY_ARGUMENTS, numTrainEpochs: 6 } }));
    const before = await train(causalRun("one step", { arguments: { ...TINY_ARGUMENTS, maxSteps: 1 } }));
    expect(summary.metric.value!).toBeGreaterThan(before.metric.value! + 0.3);
    const targets = countingExamples(60, "train").reduce((sum, { second }) => sum + second!.length + 1, 0);
    expect(summary.targetTokens).toBe(6 * targets);
    expect(summary.baseline).toEqual({});
    const config = JSON.parse(readFileSync(join(folder, "learns", "adapter", "adapter_config.json"), "utf8"));
    expect(config.task_type).toBe("CAUSAL_LM");
  });

  test("with packing counts the same tokens with less padding", async () => {
    const packed = { ...TINY_ARGUMENTS, packing: true, perDeviceTrainBatchSize: 2, numTrainEpochs: 2 };
    const summary = await train(causalRun("packed", { arguments: packed }));
    const loose = await train(causalRun("loose", { arguments: { ...TINY_ARGUMENTS, numTrainEpochs: 2 } }));
    expect(summary.targetTokens).toBe(loose.targetTokens);
    expect(summary.paddingShare).toBeLessThan(loose.paddingShare / 2);
    expect(summary.rows.train).toBe(60);
  });

  test("resumes to bitwise the same adapter, packed, with gates and accumulation", async () => {
    const change = { method: gatedLora(), arguments: { ...RESUME_ARGUMENTS, packing: true, maxSteps: 18 } };
    await train(causalRun("whole", change));
    let steps = 0;
    const stopped = await train(causalRun("parts", { ...change, shouldStop: () => steps++ >= 7 }));
    expect(stopped.interrupted).toBe(true);
    await train(causalRun("parts", change));
    for (const file of ["adapter/blora_model.safetensors", "adapter/adapter_model.safetensors"]) {
      expect(readFileSync(join(folder, "parts", file)).equals(readFileSync(join(folder, "whole", file))), file).toBe(
        true,
      );
    }
  });

  test("leaves out texts whose completion was cut away, and says so", async () => {
    const warnings: string[] = [];
    const long = { first: "abcdefghijkl", second: "ab", origin: "train.jsonl:1" };
    await train(
      causalRun("cut", {
        task: countingTask({ train: [long, ...countingExamples(9, "train")] }),
        arguments: { ...TINY_ARGUMENTS, maxSeqLength: 12, maxSteps: 1 },
        onEvent: (event) => void (event.type === "warning" && warnings.push(event.message)),
      }),
    );
    expect(warnings.join("\n")).toContain("1 of 10 training texts has no token left to learn");
  });

  test("counts the answers that a chat template rewrites", async () => {
    const warnings: string[] = [];
    const task = countingTask({ train: countingExamples(9, "train") });
    const rewriting: typeof task = {
      ...task,
      encode: (...row) => ({ ...task.encode(...row), rewrittenAnswers: 2 }),
    };
    await train(
      causalRun("rewritten", {
        task: rewriting,
        arguments: { ...TINY_ARGUMENTS, maxSeqLength: 12, maxSteps: 1 },
        onEvent: (event) => void (event.type === "warning" && warnings.push(event.message)),
      }),
    );
    expect(warnings.join("\n")).toContain("18 answers in the conversations of train are read, but not learned");
  });

  test("refuses a method that leaves nothing to train, as one for the head alone does, and keeps the run before", async () => {
    const untouched = { init: () => ({ layout: {}, parameters: {} }) };
    const run = causalRun("nothing", { arguments: { ...TINY_ARGUMENTS, maxSteps: 2 } });
    await train(run);
    const kept = readFileSync(join(run.outputDirectory, "summary.json"), "utf8");
    const nothing = { ...run, method: { ...plainLora({ dropout: 0 }), ...untouched }, overwrite: true };
    await expect(train(nothing)).rejects.toThrow(
      "Expected a method that trains something, found none: no site has an adapter with components, and counting has no head of its own.",
    );
    expect(readFileSync(join(run.outputDirectory, "summary.json"), "utf8")).toBe(kept);
  });

  test("refuses a split without any target, packing of labels, and a network that predicts no next token", async () => {
    const long = { first: "abcdefghijkl", second: "ab", origin: "train.jsonl:1" };
    const cut = causalRun("none", {
      task: countingTask({ train: [long] }),
      arguments: { ...TINY_ARGUMENTS, maxSeqLength: 12 },
    });
    await expect(train(cut)).rejects.toThrow("Expected the split train to have tokens to learn, found none in 1 rows");
    const splits = { train: "train", evaluation: ["train"] };
    await expect(evaluate({ ...cut, task: { ...cut.task, splits }, splits: ["train"] })).rejects.toThrow(
      "Expected the split train to have tokens to learn, found none in 1 rows",
    );
    const labels = { ...tinyParts(checkpoint, join(folder, "labels")), architecture: causalArchitecture };
    await expect(train({ ...labels, task: letterTask(), arguments: { packing: true } })).rejects.toThrow(
      "packing: expected a language-model task, found letters",
    );
    const { languageModel: _, ...encoder } = causalArchitecture;
    await expect(train(causalRun("encoder", { architecture: encoder }))).rejects.toThrow(
      "Expected a causal language model, found a network of type tiny-causal",
    );
  });
});

function copy(gradients: StepResult["gradients"]): StepResult["gradients"] {
  return Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, values.slice()]));
}

test("a method that trains the base learns what the next token is told by, here the embedding, as input and as output", async () => {
  const untouched = { init: () => ({ layout: {}, parameters: {} }), trainsBase: true };
  const { model, state, runner, split } = await setUp(6, { method: { ...plainLora({ dropout: 0 }), ...untouched } });
  const batches = [rowsOf(split.rows)];
  const lossAndGradients = () =>
    accumulateGradients({ runner, objective: model.objective, rows: split.rows, batches, firstNoiseStep: 1 });
  const [name, entry] = [...state.entries()].find(([key]) => key.endsWith("embedding.weight"))!;
  const gradient = (await lossAndGradients()).gradients.get(name)!.slice();
  const { values } = entry.parameter;
  const H = values.length / 16;
  // Id 15 is in no text: its row learns as an output alone. Id 2 ends a text: as an output, and never read.
  for (const index of [4 * H, 7 * H + 1, 2 * H + 2, 15 * H, 15 * H + 3]) {
    const given = values[index]!;
    const slopeOver = async (step: number): Promise<number> => {
      values[index] = given + step;
      const { loss } = await lossAndGradients();
      values[index] = given;
      return loss;
    };
    const slope = ((await slopeOver(0.01)) - (await slopeOver(-0.01))) / 0.02;
    expect(gradient[index], `entry ${index}`).toBeCloseTo(slope, 3);
    expect(Math.abs(slope), `entry ${index}`).toBeGreaterThan(2e-3);
  }
});
