import type { Engine, NoiseKey, StepDefinition } from "@blora/spec";
import { dropoutMaskValues, ops, sizeOf, uniformValues } from "@blora/tensor";
import { describe, expect, test } from "vitest";

const noiseStep = (mode: "train" | "eval"): StepDefinition => ({
  name: "noise",
  mode,
  inputs: { zero: { shape: [], dtype: "float32" } },
  trainable: {},
  frozen: new Map(),
  compute: ({ input, context }) => ({
    outputs: {
      gates: ops.add(context.uniform("layer.0/gates", [2, 5]), input.zero!),
      rows: ops.add(context.uniform("layer.0/rows", [3]), input.zero!),
    },
  }),
});

const draws = ({ seed, step }: NoiseKey) => ({
  gates: [...uniformValues({ seed, step, path: "layer.0/gates" }, 10)],
  rows: [...uniformValues({ seed, step, path: "layer.0/rows" }, 3)],
});

/** Tests that every draw is the one that seed, step and path address, bit for bit, and so the same on every engine. */
export function testNoise(engine: Engine): void {
  describe("noise", () => {
    for (const mode of ["train", "eval"] as const) {
      test(`in a ${mode} step is what seed, step and path address`, async () => {
        const step = await engine.compile(noiseStep(mode));
        for (const key of [
          { seed: 7, step: 3 },
          { seed: 7, step: 4 },
          { seed: 2 ** 32 - 1, step: 0 },
          { seed: 7, step: 3 },
        ]) {
          const { outputs } = await step.run({ zero: Float32Array.of(0) }, {}, key);
          expect({ gates: [...outputs.gates!], rows: [...outputs.rows!] }).toEqual(draws(key));
        }
        await step.release();
      });
    }

    // Sizes that fill words of bits and others, shares of many digits, of one, and of none.
    test.each([
      { shape: [64, 48], probability: 0.1 },
      { shape: [7, 11], probability: 0.3 },
      { shape: [2, 2, 16], probability: 0.5 },
      { shape: [5], probability: 0.75 },
      { shape: [3, 2], probability: 0.0001 },
    ])("drops $probability of $shape as seed, step and path address", async ({ shape, probability }) => {
      const step = await engine.compile({
        name: "dropout",
        mode: "train",
        inputs: {},
        trainable: { x: shape },
        frozen: new Map(),
        compute: ({ trainable, context }) => {
          const kept = ops.mul(trainable.x!, context.dropoutMask("layer.0/dropout", shape, probability));
          return { loss: ops.sum(kept), outputs: { kept } };
        },
      });
      for (const key of [
        { seed: 7, step: 3 },
        { seed: 2 ** 32 - 1, step: 0 },
      ]) {
        const x = new Float32Array(sizeOf(shape)).fill(1);
        const { outputs, gradients } = await step.run({}, { x }, key);
        const expected = [...dropoutMaskValues({ ...key, path: "layer.0/dropout" }, x.length, probability)];
        expect([...outputs.kept!]).toEqual(expected);
        expect([...gradients.x!]).toEqual(expected);
      }
      await step.release();
    });

    test("carries the gradient of what it is multiplied with", async () => {
      const key = { seed: 11, step: 5 };
      const step = await engine.compile({
        name: "noisy product",
        mode: "train",
        inputs: {},
        trainable: { x: [2, 2] },
        frozen: new Map(),
        compute: ({ trainable, context }) => ({ loss: ops.sum(ops.mul(trainable.x!, context.uniform("u", [2, 2]))) }),
      });
      const { gradients } = await step.run({}, { x: Float32Array.of(1, 2, 3, 4) }, key);
      expect([...gradients.x!]).toEqual([...uniformValues({ ...key, path: "u" }, 4)]);
      await step.release();
    });
  });
}
