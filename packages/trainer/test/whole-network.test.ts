import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readAdapter } from "@blora/adapters";
import type { Method } from "@blora/spec";
import { describe, expect, it } from "vitest";
import { evaluate } from "../src/evaluate.ts";
import type { TrainRun } from "../src/run.ts";
import { train } from "../src/train.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { letterExamples, letterTask } from "./tiny-problem.ts";
import { RESUME_ARGUMENTS, TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

/** Sites as they are; what else is trained is up to `trainsBase`. */
const headAlone: Method = {
  init: () => ({ layout: {}, parameters: {} }),
  apply: (_adapter, x, base) => base.apply(x),
  usage: (site) => ({ site, matmuls: [] }),
  baselineUsage: (site) => ({ site, matmuls: [] }),
  summary: () => ({ rank: 0, bits: {} }),
  export: () => undefined,
};
const wholeNetwork: Method = { ...headAlone, trainsBase: true };

const task = letterTask({ train: letterExamples(240, "train"), validation: letterExamples(100, "validation") });
const args = { ...TINY_ARGUMENTS, numTrainEpochs: 6 };

describe("a method that trains the base", () => {
  it("trains every tensor, starts from the checkpoint, and is evaluated as it was trained", async () => {
    const out = temporaryFolder();
    const run = tinyRun(out, { method: wholeNetwork, task, arguments: args });
    const before = await evaluate({ ...run, arguments: TINY_ARGUMENTS });
    const plain = await evaluate(tinyRun("unused", { method: headAlone, task }));
    expect(before.splits.validation!.logits).toEqual(plain.splits.validation!.logits);

    const summary = await train(run);
    expect(summary.metric.value).toBeGreaterThan(0.85);
    expect(summary.bops).toMatchObject({ macs: 0, ratio: 0 });
    expect(summary.warnings).toEqual([]);
    const { weights } = await readAdapter(join(out, "adapter"));
    expect(Object.keys(weights.head)).toContain("embedding.weight");
    for (const name of ["embedding.weight", "layer.0.up.weight", "layer.0.up.bias", "layer.0.down.weight"]) {
      expect(Array.from(weights.head[name]!.values), name).not.toEqual(Array.from(run.checkpoint.read(name)));
    }
    const after = await evaluate({ ...run, adapterDirectory: join(out, "adapter") });
    expect(after.splits.validation!.scores!.accuracy).toBe(summary.metric.value);
    expect(readdirSync(join(out, "adapter")).sort()).toEqual(["blora_config.json", "blora_model.safetensors"]);
  });

  it("resumes to the same bits", async () => {
    const finish = async (stopAfter: number): Promise<number[]> => {
      const out = temporaryFolder();
      let steps = 0;
      const run: TrainRun = tinyRun(out, {
        method: wholeNetwork,
        arguments: RESUME_ARGUMENTS,
        onEvent({ type }) {
          if (type === "step") steps++;
        },
      });
      const { interrupted } = await train({ ...run, shouldStop: () => stopAfter < 24 && steps === stopAfter });
      expect(interrupted).toBe(stopAfter < 24);
      if (interrupted) await train(run);
      const { weights } = await readAdapter(join(out, "adapter"));
      return Object.values(weights.head).flatMap(({ values }) => Array.from(values));
    };
    expect(await finish(7)).toEqual(await finish(24));
  });
});

describe("a method that adapts nothing", () => {
  it("trains the head on frozen features, without a word about ranks, and exports what PEFT reads", async () => {
    const out = temporaryFolder();
    const summary = await train(tinyRun(out, { method: headAlone, task, arguments: args }));
    expect(summary.warnings).toEqual([]);
    const { weights } = await readAdapter(join(out, "adapter"));
    expect(Object.keys(weights.head)).toEqual(["classifier.weight", "classifier.bias"]);
    expect(existsSync(join(out, "adapter", "adapter_config.json"))).toBe(true);
  });
});
