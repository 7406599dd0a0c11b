import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ActivationStatistics, Architecture, Method } from "@blora/spec";
import { ops } from "@blora/tensor";
import { expectAllClose } from "@blora/testing";
import { type Checkpoint, openCheckpoint, writeSafetensors } from "@blora/weights";
import { describe, expect, it } from "vitest";
import { train } from "../src/train.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { letterTask, plainLora, statisticsOf, V } from "./tiny-problem.ts";
import { TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

const H = 2;
const TENSORS = {
  "embedding.weight": {
    shape: [V, H],
    values: Float32Array.from({ length: V * H }, (_, i) => (i % 2 === 0 ? 1 : -1) * (i >> 1)),
  },
  "distance.weight": { shape: [3, H], values: Float32Array.of(10, 0, 0, -1, 1, 1) },
  "shared.weight": { shape: [H, H], values: Float32Array.of(1, 0, 0, 1) },
  "alone.weight": { shape: [H, H], values: Float32Array.of(0.5, 0, 0, 0.5) },
} as const;

/** Tokens and distances go through one linear map, as in DeBERTa's attention; the sum of the tokens through another. */
const architecture: Architecture = {
  modelTypes: ["two-calls"],
  defaultTargets: ["adapted"],
  parseConfig: (json) => json,
  maxLength: () => 8,
  sites: () => ["shared", "alone"].map((path) => ({ path, role: "adapted", inFeatures: H, outFeatures: H })),
  parameters: () => [
    ...Object.entries(TENSORS).map(
      ([name, { shape }]) => ({ name, shape, role: "base", init: { kind: "zeros" } }) as const,
    ),
    { name: "classifier.weight", shape: [2, H], role: "head", init: { kind: "zeros" } },
  ],
  forward({ batch: { inputIds }, lookup, linear }) {
    const [B, T] = inputIds.shape as [number, number];
    const tokens = linear("shared", ops.gather(lookup("embedding.weight"), ops.reshape(inputIds, [B * T]))); // [M, H]
    const distances = linear("shared", lookup("distance.weight")); // [3, H]
    const sums = linear("alone", ops.sum(ops.reshape(tokens, [B, T, H]), 1)); // [B, H]
    return linear("classifier", ops.add(sums, ops.mean(distances, 0)));
  },
};

function writeCheckpoint(folder: string): Checkpoint {
  mkdirSync(folder, { recursive: true });
  writeSafetensors(join(folder, "model.safetensors"), new Map(Object.entries(TENSORS)));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: "two-calls", vocab_size: V }));
  return openCheckpoint(folder);
}

/** What a method observes before the first step of a run on texts of one batch each. */
async function observed(method: Method): Promise<Record<string, Record<string, ActivationStatistics>>> {
  let seen: Record<string, Record<string, ActivationStatistics>> = {};
  const observing: Method = {
    ...method,
    training: {
      ...method.training,
      async beforeStep(store) {
        seen = Object.fromEntries(await store.observe());
      },
    },
  };
  // One row of 8 tokens: 1 (start), 4 and 5 (a, b), 2 (end), and padding, which is 0.
  const rows = [{ first: "ab", label: 0, origin: "train.tsv:1" }];
  const run = tinyRun(temporaryFolder(), {
    architecture,
    checkpoint: writeCheckpoint(temporaryFolder()),
    method: observing,
    task: letterTask({ train: rows, validation: rows }),
    arguments: { ...TINY_ARGUMENTS, maxSeqLength: 8, perDeviceTrainBatchSize: 1, maxSteps: 1 },
  });
  await train(run);
  return seen;
}

describe("observe", () => {
  it("combines all calls of a site: extremes of both, the mean square over all rows", async () => {
    const { shared, alone } = await observed({
      ...plainLora({ dropout: 0 }),
      training: { observe: (_adapter, x) => ({ input: statisticsOf(x), half: statisticsOf(ops.mul(x, 0.5)) }) },
    });
    // Tokens, 8 rows: ±1, ±4, ±5, ±2 and zeros, 2·46/16 on average. Distances, 3 rows: -1 to 10, 103/6 on average.
    const meanSquare = (8 * (92 / 16) + 3 * (103 / 6)) / 11;
    expect(shared!.input).toMatchObject({ min: -5, max: 10 });
    expectAllClose(shared!.input!.meanSquare, meanSquare);
    expect(shared!.half).toMatchObject({ min: -2.5, max: 5 });
    expectAllClose(shared!.half!.meanSquare, meanSquare / 4);
    // Called once: the sum over tokens is ±12.
    expect(alone!.input).toEqual({ min: -12, max: 12, meanSquare: 144 });
  });

  it("sees adapters as `apply` gets them", async () => {
    const plain = plainLora({ dropout: 0 });
    const { alone } = await observed({
      ...plain,
      prepare: (adapters) =>
        adapters.map((adapter) => ({ ...adapter, parameters: { ...adapter.parameters, factor: ops.scalar(-2) } })),
      training: { observe: ({ parameters }, x) => ({ input: statisticsOf(ops.mul(x, parameters.factor!)) }) },
    });
    expect(alone!.input).toEqual({ min: -24, max: 24, meanSquare: 576 });
  });

  it("is empty where a method observes nothing", async () => {
    expect(await observed(plainLora())).toEqual({ shared: {}, alone: {} });
  });
});
