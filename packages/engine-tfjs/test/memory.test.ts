import type { Engine, FrozenTensor, StepDefinition } from "@blora/spec";
import { layerNorm, lowRankLinear, ops } from "@blora/tensor";
import { memory } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { tfjs } from "../src/index.ts";

const weight: FrozenTensor = {
  shape: [4, 4],
  storage: "f32",
  source: Float32Array.from({ length: 16 }, (_, i) => i / 16),
};
const feeds = { x: Float32Array.from({ length: 8 }, (_, i) => Math.sin(i)), ids: Int32Array.of(1, 0, 1) };
const trainable = { A: new Float32Array(8).fill(0.1), B: new Float32Array(8).fill(0.2), table: new Float32Array(8) };

/** A step that saves, gathers, draws noise and fails where it is told to. */
function adapterStep(name: string, fail = false): StepDefinition {
  return {
    name,
    mode: "train",
    inputs: { x: { shape: [2, 4], dtype: "float32" }, ids: { shape: [3], dtype: "int32" } },
    trainable: { A: [2, 4], B: [4, 2], table: [2, 4] },
    frozen: new Map([["weight", weight]]),
    compute({ input, trainable, frozen, context }) {
      const { A, B, table } = trainable;
      const noisy = ops.mul(input.x!, context.uniform("dropout", [2, 4]));
      const hidden = layerNorm(noisy, ops.ones([4]), ops.zeros([4]), 1e-5);
      const y = ops.tanh(lowRankLinear(hidden, frozen("weight"), undefined, A!, B!));
      const loss = ops.add(ops.sum(y), ops.sum(ops.square(ops.gather(table!, input.ids!))));
      if (fail) throw new Error("as it was told to");
      return { loss, outputs: { y, copy: input.x!, weight: frozen("weight") } };
    },
  };
}

const engines: readonly (readonly [string, () => Engine])[] = [
  ["cpu", () => tfjs({ backend: "cpu" })],
  ["wasm", () => tfjs({ backend: "wasm" })],
];

describe.each(engines)("memory on %s", (_, createEngine) => {
  test("is the same after 100 runs", async () => {
    const engine = createEngine();
    const step = await engine.compile(adapterStep("flat"));
    await step.run(feeds, trainable, { seed: 0, step: 0 });
    const { numTensors, numBytes } = memory();
    for (let run = 0; run < 100; run++) await step.run(feeds, trainable, { seed: 0, step: run });
    expect(memory().numTensors).toBe(numTensors);
    expect(memory().numBytes).toBe(numBytes);
    await step.release();
    await engine.release();
  });

  test("holds a frozen tensor once for all steps of an engine, and none after its release", async () => {
    const engine = createEngine();
    await engine.describe();
    const { numTensors } = memory();
    const steps = [await engine.compile(adapterStep("first")), await engine.compile(adapterStep("second"))];
    for (const step of steps) await step.run(feeds, trainable, { seed: 0, step: 0 });
    expect(memory().numTensors).toBe(numTensors + 1);
    await engine.release();
    expect(memory().numTensors).toBe(numTensors);
  });

  test("is freed by a run that fails", async () => {
    const engine = createEngine();
    const step = await engine.compile(adapterStep("failing", true));
    const { numTensors } = memory();
    for (let run = 0; run < 3; run++) {
      await expect(step.run(feeds, trainable, { seed: 0, step: 0 })).rejects.toThrow("as it was told to");
    }
    expect(memory().numTensors).toBe(numTensors);
    await engine.release();
  });
});
