import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Method } from "@blora/spec";
import { ops } from "@blora/tensor";
import { describe, expect, it } from "vitest";
import { evaluate } from "../src/evaluate.ts";
import type { TrainRun } from "../src/run.ts";
import { train } from "../src/train.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { gatedLora, letterExamples, letterTask, plainLora } from "./tiny-problem.ts";
import { RESUME_ARGUMENTS, recorder, TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

/** `gatedLora`, priced by the rank it has. */
function shrinkingLora(): Method {
  const gated = gatedLora();
  const usage = (rank: number): Method["usage"] => plainLora({ rank }).usage;
  return { ...gated, usage: (site, adapter) => usage(adapter.layout.rank as number)(site, adapter) };
}

/** Priced at nothing until its update is anything, as AdaLoRA is. */
function growingLora(): Method {
  const { usage, ...plain } = plainLora({ dropout: 0 });
  const isOpen = (values: Float32Array): boolean => values.some((value) => value !== 0);
  return {
    ...plain,
    usage: (site, adapter) =>
      isOpen(adapter.parameters.B!.values) ? usage(site, adapter) : { ...usage(site, adapter), matmuls: [] },
    training: { penalty: (adapters) => ops.mul(ops.sum(ops.square(adapters[0]!.parameters.A!)), 1e-6) },
  };
}

describe("best and last", () => {
  const overfit = {
    ...TINY_ARGUMENTS,
    learningRate: 0.3,
    maxSteps: 30,
    evalSteps: 3,
    lrSchedulerType: "constant",
  } as const;

  it("keeps both, reports both, and exports the better one", async () => {
    const out = temporaryFolder();
    const summary = await train(tinyRun(out, { arguments: overfit }));
    const { best, last } = summary.metrics;
    expect(last!.step).toBe(30);
    expect(best!.step).toBeLessThan(30);
    expect(summary.metric.value).toBe(best!.splits.validation!.scores.accuracy);
    expect(summary.metric.value).toBeGreaterThan(last!.splits.validation!.scores.accuracy!);
    for (const [folder, record] of [
      ["adapter", best],
      ["adapter-last", last],
    ] as const) {
      const { splits } = await evaluate(
        tinyRun("unused", { adapterDirectory: join(out, folder) } as Partial<TrainRun>),
      );
      expect(splits.validation!.scores).toEqual(record!.splits.validation!.scores);
    }
  });

  it("leaves no last weights of fewer steps where a run goes on and ends with its last ones", async () => {
    const out = temporaryFolder();
    await train(tinyRun(out, { arguments: overfit }));
    expect(existsSync(join(out, "adapter-last"))).toBe(true);
    const longer = { ...overfit, maxSteps: 33, loadBestModelAtEnd: false };
    const { steps, selected } = await train(tinyRun(out, { arguments: longer, allowConfigChange: true }));
    expect({ steps, selected }).toEqual({ steps: 33, selected: "last" });
    expect(existsSync(join(out, "adapter-last"))).toBe(false);
  });

  it("exports the last step's weights where asked to", async () => {
    const out = temporaryFolder();
    const summary = await train(tinyRun(out, { arguments: { ...overfit, loadBestModelAtEnd: false } }));
    expect(summary.selected).toBe("last");
    expect(summary.metric.value).toBe(summary.metrics.last!.splits.validation!.scores.accuracy);
  });

  it("stops early after the given number of evaluations without improvement", async () => {
    const { events, onEvent } = recorder();
    const run = tinyRun(temporaryFolder(), {
      onEvent,
      arguments: { ...overfit, maxSteps: 300, earlyStoppingPatience: 2 },
    });
    const summary = await train(run);
    expect(summary.steps).toBe(summary.metrics.best!.step + 2 * 3);
    expect(summary.steps).toBeLessThan(300);
    expect(events).toContainEqual({
      type: "warning",
      message: `Stopped after ${summary.steps} steps: 2 evaluations in a row brought no improvement.`,
    });
    // Resuming a finished run changes nothing.
    const again = await train({ ...run, onEvent: () => undefined });
    expect(again.steps).toBe(summary.steps);
    expect(again.metrics).toEqual(summary.metrics);
  });

  it("never picks weights of an earlier phase, whose gates are still open", async () => {
    const phased: Method = { ...plainLora(), training: { phase: ({ step }) => (step < 20 ? "gates" : "settle") } };
    const summary = await train(tinyRun(temporaryFolder(), { method: phased, arguments: overfit }));
    expect(summary.metrics.best!.step).toBeGreaterThan(20);
  });
});

describe("results that deserve a second look", () => {
  it("are named: one answer for every row, and a score below the majority's (row 32)", async () => {
    const flipped = letterExamples(60, "validation").map((example) => ({ ...example, label: 1 - example.label! }));
    const task = letterTask({ train: letterExamples(240, "train"), validation: flipped });
    const method = plainLora({ rank: 4, dropout: 0 });
    const wrong = await train(
      tinyRun(temporaryFolder(), { task, method, arguments: { ...TINY_ARGUMENTS, maxSteps: 200, evalSteps: 200 } }),
    );
    expect(wrong.warnings).toEqual([
      expect.stringMatching(
        /^accuracy on validation is 0\.\d+, below the 0\.\d+ of always giving the most frequent answer/,
      ),
    ]);
    const constant = letterTask({ train: letterExamples(240, "train").map((example) => ({ ...example, label: 1 })) });
    const same = await train(
      tinyRun(temporaryFolder(), { task: constant, arguments: { ...TINY_ARGUMENTS, maxSteps: 60 } }),
    );
    expect(same.warnings).toContain("Every row of validation gets the same answer, odd: nothing was learned yet.");
  });
});

describe("a penalty", () => {
  it("that closes nothing is said to be too weak (row 46)", async () => {
    const penalized: Method = {
      ...plainLora({ dropout: 0 }),
      training: { penalty: (adapters) => ops.mul(ops.sum(ops.square(adapters[0]!.parameters.A!)), 1e-6) },
    };
    const run = { method: penalized, arguments: { ...TINY_ARGUMENTS, maxSteps: 2 } };
    expect((await train(tinyRun(temporaryFolder(), run))).warnings).toContain(
      "The run ended with all ranks and bit widths it began with: the penalty is too weak, or the steps were too few.",
    );
  });

  it.each([
    ["closes something", shrinkingLora()],
    ["begins with no component and opens some", growingLora()],
  ])("that %s is not", async (_, method) => {
    const summary = await train(tinyRun(temporaryFolder(), { method, arguments: RESUME_ARGUMENTS }));
    expect(summary.warnings.filter((warning) => warning.includes("ranks and bit widths"))).toEqual([]);
  });
});
