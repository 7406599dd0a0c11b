import type { Engine, NoiseKey, StepDefinition } from "@blora/spec";
import { ops, uniformValues } from "@blora/tensor";
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
      dropout: ops.add(context.uniform("layer.0/dropout", [3]), input.zero!),
    },
  }),
});

const draws = ({ seed, step }: NoiseKey) => ({
  gates: [...uniformValues({ seed, step, path: "layer.0/gates" }, 10)],
  dropout: [...uniformValues({ seed, step, path: "layer.0/dropout" }, 3)],
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
          expect({ gates: [...outputs.gates!], dropout: [...outputs.dropout!] }).toEqual(draws(key));
        }
        await step.release();
      });
    }

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
