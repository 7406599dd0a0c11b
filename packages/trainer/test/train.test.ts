import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CostLedger, StepEvent } from "@blora/runs";
import type { Method } from "@blora/spec";
import { ops } from "@blora/tensor";
import { describe, expect, it } from "vitest";
import { evaluate } from "../src/evaluate.ts";
import type { TrainRun } from "../src/run.ts";
import { train } from "../src/train.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { architecture, letterExamples, letterTask, plainLora, statisticsOf, tokenizer } from "./tiny-problem.ts";
import { recorder, TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

async function steps(change: Partial<TrainRun>): Promise<StepEvent[]> {
  const { events, onEvent } = recorder();
  await train(tinyRun(temporaryFolder(), { ...change, onEvent }));
  return events.filter((event) => event.type === "step");
}

describe("train", () => {
  it("learns the letter task well above the majority answer, and reports the run", async () => {
    const out = temporaryFolder();
    const { events, onEvent } = recorder();
    const task = letterTask({ train: letterExamples(240, "train"), validation: letterExamples(100, "validation") });
    const method = plainLora({ rank: 4, dropout: 0 });
    const args = { ...TINY_ARGUMENTS, numTrainEpochs: 12 };
    const summary = await train(tinyRun(out, { onEvent, task, method, arguments: args }));
    expect(summary.baseline.accuracy).toBe(0.6);
    expect(summary.metric.value).toBeGreaterThan(0.8);
    expect(summary.warnings).toEqual([]);
    expect(summary.steps).toBe(12 * 30);
    expect(summary.rows).toEqual({ train: 240, eval: 100 });
    // Two sites, A and B of 4·6 multiply-accumulates each, 8 against 32 bit.
    expect(summary.bops).toEqual({
      scope: "adapter",
      unit: "bit operations",
      macs: 96,
      bitOperations: 96 * 8 * 8,
      baseline: 96 * 32 * 32,
      ratio: 0.0625,
    });
    expect(summary.paddingShare).toBeGreaterThan(0.05);
    expect(summary.paddedTokensPerSecond).toBeGreaterThan(summary.tokensPerSecond);
    expect(JSON.parse(readFileSync(join(out, "summary.json"), "utf8"))).toEqual(summary);
    expect(events.filter(({ type }) => type === "step")).toHaveLength(summary.steps);
    expect(events.at(-1)).toEqual({ type: "finish", summary });
  });

  it("starts from the base model's loss: B = 0 and the mean weighs every row once", async () => {
    const rows = letterExamples(13, "train");
    const task = letterTask({ train: rows, validation: rows });
    const method = plainLora({ dropout: 0 });
    const before = await evaluate(tinyRun("unused", { task, method }));
    // 13 rows in batches of 8 and 5 (padded), in one update.
    const accumulated = await steps({
      task,
      method,
      arguments: { ...TINY_ARGUMENTS, perDeviceTrainBatchSize: 8, gradientAccumulationSteps: 2, maxSteps: 1 },
    });
    expect(accumulated[0]!.loss).toBeCloseTo(before.splits.validation!.loss!, 5);
  });

  it("makes the same update from one batch as from its parts, penalty included", async () => {
    const penalized: Method = {
      ...plainLora({ dropout: 0 }),
      training: { penalty: (adapters) => ops.mul(ops.sum(ops.square(adapters[0]!.parameters.A!)), 0.3) },
    };
    const task = letterTask({ train: letterExamples(13, "train") });
    const common = { ...TINY_ARGUMENTS, maxSteps: 3, learningRate: 0.01 };
    const whole = await steps({ task, method: penalized, arguments: { ...common, perDeviceTrainBatchSize: 13 } });
    const parts = await steps({
      task,
      method: penalized,
      arguments: { ...common, perDeviceTrainBatchSize: 4, gradientAccumulationSteps: 4 },
    });
    whole.forEach((step, index) => {
      expect(parts[index]!.loss).toBeCloseTo(step.loss, 5);
      expect(parts[index]!.penalty).toBeCloseTo(step.penalty!, 5);
      expect(parts[index]!.gradientNorm).toBeCloseTo(step.gradientNorm, 5);
    });
  });

  it("makes the same update in one pass as in passes of few tokens", async () => {
    const args = { ...TINY_ARGUMENTS, maxSteps: 3, learningRate: 0.01, perDeviceTrainBatchSize: 16 };
    const method = plainLora({ dropout: 0 });
    const whole = await steps({ method, arguments: args });
    const parts = await steps({ method, arguments: { ...args, maxTokensPerPass: 50 } });
    whole.forEach((step, index) => {
      expect(parts[index]!.loss).toBeCloseTo(step.loss, 5);
      expect(parts[index]!.gradientNorm).toBeCloseTo(step.gradientNorm, 5);
    });
  });

  it("follows warm-up and decay", async () => {
    const events = await steps({
      arguments: { ...TINY_ARGUMENTS, learningRate: 1, maxSteps: 6, warmupSteps: 2, maxGradNorm: 0.1 },
    });
    expect(events.map(({ learningRate }) => learningRate)).toEqual([0, 0.5, 1, 0.75, 0.5, 0.25]);
  });

  it("logs every step to metrics.jsonl, and evaluations with cost and rank", async () => {
    const out = temporaryFolder();
    await train(tinyRun(out, { arguments: { ...TINY_ARGUMENTS, maxSteps: 4, loggingSteps: 2, evalSteps: 3 } }));
    const lines = readFileSync(join(out, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ step, split }) => [step, split])).toEqual([
      [2, undefined],
      [3, "validation"],
      [4, undefined],
      [4, "validation"],
    ]);
    expect(lines[1]).toMatchObject({ costRatio: 0.0625, meanRank: 2 });
  });

  it("logs P(open) of the gates there are, rounded, and writes every product to ledger.json", async () => {
    const out = temporaryFolder();
    const gated: Method = {
      ...plainLora(),
      training: { gateProbabilities: ({ layout }) => (layout.rank === 2 ? { "component 1": { 4: 0.123456 } } : {}) },
    };
    await train(
      tinyRun(out, { method: gated, arguments: { ...TINY_ARGUMENTS, maxSteps: 4, loggingSteps: 2, evalSteps: 4 } }),
    );
    const gates = readFileSync(join(out, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter((record) => "gates" in record);
    const open = { "component 1": { 4: 0.1235 } };
    expect(gates).toEqual([2, 4].map((step) => ({ step, gates: { "layer.0.up": open, "layer.0.down": open } })));

    const { scope, rows, baseline } = JSON.parse(readFileSync(join(out, "ledger.json"), "utf8")) as CostLedger;
    expect(scope).toBe("adapter");
    expect(rows).toHaveLength(4);
    expect(rows[0]).toEqual({ path: "layer.0.up", matrix: "A", macs: 12, weightBits: 8, inputBits: 8, cost: 12 * 64 });
    expect(baseline[0]).toMatchObject({ path: "layer.0.up", matrix: "A", macs: 12, cost: 12 * 1024 });
  });

  it("reports the width of every component where these differ", async () => {
    const bits = { A: [8, 4], B: [8, 4], W0: 16 };
    const method: Method = { ...plainLora(), summary: () => ({ rank: 2, bits }) };
    const out = temporaryFolder();
    await train(tinyRun(out, { method, arguments: { ...TINY_ARGUMENTS, maxSteps: 1 } }));
    const summary = JSON.parse(readFileSync(join(out, "summary.json"), "utf8"));
    expect(summary.bits).toEqual({ "layer.0.up": bits, "layer.0.down": bits });
  });

  it("trains on fewer rows than one batch, and says what that wastes (row 29)", async () => {
    const task = letterTask({ train: letterExamples(8, "train") });
    const { events, onEvent } = recorder();
    const args = { ...TINY_ARGUMENTS, perDeviceTrainBatchSize: 32, numTrainEpochs: 2 };
    await train(tinyRun(temporaryFolder(), { task, onEvent, arguments: args }));
    const [first, second, ...others] = events.filter((event) => event.type === "step");
    expect(others).toEqual([]);
    expect(second!.loss).not.toBe(first!.loss);
    expect(events).toContainEqual({
      type: "warning",
      message:
        "train has 8 rows, fewer than one batch (perDeviceTrainBatchSize 32): 75.0 % of every step is computed for nothing.",
    });
  });

  it("refuses a role no linear map has, and suggests one (row 27)", async () => {
    const run = tinyRun(temporaryFolder(), { arguments: { ...TINY_ARGUMENTS, targets: ["uq"] } });
    await expect(train(run)).rejects.toThrow(
      'targets: expected roles of this architecture (up, down), found "uq". Did you mean up?',
    );
  });

  it("refuses a tokenizer with more ids than the model (row 38)", async () => {
    const run = tinyRun(temporaryFolder(), { tokenizer: { ...tokenizer, vocabularySize: 17 } });
    await expect(train(run)).rejects.toThrow(
      "tiny: expected a tokenizer of at most 16 ids, the model's vocab_size, found one of 17.",
    );
  });

  it("refuses an output folder it cannot make (row 49)", async () => {
    await expect(train(tinyRun(join("/dev/null", "run")))).rejects.toThrow(
      /expected a folder that can be written, found E/,
    );
  });

  it("refuses a task without labels to evaluate on, before the first step (row 31)", async () => {
    const unlabelled = letterExamples(4, "validation").map(({ label: _, ...example }) => example);
    const { events, onEvent } = recorder();
    const run = tinyRun(temporaryFolder(), { onEvent, task: letterTask({ validation: unlabelled }) });
    await expect(train(run)).rejects.toThrow(
      "Expected the split validation to be labelled, found row 1 without a label.",
    );
    expect(events.filter(({ type }) => type === "step")).toEqual([]);
  });

  it("passes on what a task says of its files (row 35)", async () => {
    const { events, onEvent } = recorder();
    const load = letterTask().load;
    const note = "2 rows of train have too few cells and were left out.";
    const task = {
      ...letterTask(),
      load: async (name: string) => ({ ...(await load(name, undefined)), notes: name === "train" ? [note] : [] }),
    };
    await train(tinyRun(temporaryFolder(), { onEvent, task, arguments: { ...TINY_ARGUMENTS, maxSteps: 1 } }));
    expect(events).toContainEqual({ type: "warning", message: note });
  });

  it("warns of texts that were cut (row 37)", async () => {
    const { events, onEvent } = recorder();
    const task = letterTask({
      train: [...letterExamples(9, "train"), { first: "a".repeat(40), label: 0, origin: "train.tsv:10" }],
    });
    await train(tinyRun(temporaryFolder(), { onEvent, task, arguments: { ...TINY_ARGUMENTS, maxSteps: 1 } }));
    expect(events).toContainEqual({
      type: "warning",
      message: "10.0 % of the training texts are longer than 24 tokens (maxSeqLength) and were cut.",
    });
  });
});

describe("a loss or gradient that is not finite (row 45)", () => {
  it("stops before the update, names tensor, step and last good state, and keeps the checkpoint", async () => {
    const out = temporaryFolder();
    const exploding: Method = {
      ...plainLora({ dropout: 0 }),
      // From the fourth step on, the logarithm of a negative number.
      training: {
        beforeStep(store, { step }) {
          if (step === 3) store.update("layer.0.down", { layout: { rank: 2, broken: true } });
        },
      },
      apply: (adapter, x, base, context) => {
        const y = plainLora({ dropout: 0 }).apply(adapter, x, base, context);
        return adapter.layout.broken === true
          ? ops.add(y, ops.log(ops.mul(ops.sum(ops.square(adapter.parameters.B!)), -1)))
          : y;
      },
    };
    const run = tinyRun(out, { method: exploding, arguments: { ...TINY_ARGUMENTS, maxSteps: 6, saveSteps: 2 } });
    await expect(train(run)).rejects.toThrow(
      `Step 4: the task loss is NaN, and the gradient of layer.0.up/A is NaN at entry 0. Nothing was updated. A smaller learningRate or maxGradNorm may help. The last good state is ${join(out, "checkpoint-2")}.`,
    );
    await expect(train(run)).rejects.toMatchObject({ name: "NumericalError" });
    expect(existsSync(join(out, "summary.json"))).toBe(false);
    expect(existsSync(join(out, "run.lock"))).toBe(false);
  });
});

describe("a method that changes its adapters between steps", () => {
  it("is trained on with the layout it asks for, and sees observations and base weights", async () => {
    const seen: unknown[] = [];
    const shrinking: Method = {
      ...plainLora({ dropout: 0 }),
      training: {
        observe: (_adapter, x) => ({ input: statisticsOf(x) }),
        async beforeStep(store, { step }) {
          if (step !== 2) return;
          const observed = await store.observe();
          seen.push(
            [...observed.keys()],
            observed.get("layer.0.up")!.input!.max,
            store.baseWeight("layer.0.up").length,
          );
          for (const { path } of store.sites) {
            store.select(path, "A", 0, [1]);
            store.select(path, "B", 1, [1]);
            store.update(path, { layout: { rank: 1 } });
          }
        },
      },
      summary: (_site, { layout }) => ({ rank: layout.rank as number, bits: { A: 8, B: 8 } }),
      export: (_site, { layout, parameters }) => ({
        rank: layout.rank as number,
        A: parameters.A!.values,
        B: parameters.B!.values,
      }),
    };
    const { events, onEvent } = recorder();
    const out = temporaryFolder();
    const summary = await train(
      tinyRun(out, { method: shrinking, onEvent, arguments: { ...TINY_ARGUMENTS, maxSteps: 4, padToMultipleOf: 24 } }),
    );
    expect(summary.ranks).toEqual({ "layer.0.up": 1, "layer.0.down": 1 });
    expect(seen[0]).toEqual(architecture.sites(undefined).map(({ path }) => path));
    expect(seen[1]).toBeGreaterThan(0.5);
    expect(seen[2]).toBe(36);
    const compiled = events.flatMap((event) => (event.type === "compile" ? [event.name] : []));
    expect(compiled).toEqual(["train 8x24", "observe 8x24", "train 8x24", "evaluate 16x24"]);
  });
});
