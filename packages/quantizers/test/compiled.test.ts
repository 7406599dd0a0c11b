import { onnx } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import type { Context, Quantizer, StepInputs, VectorWidths } from "@blora/spec";
import { normalValues, ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { createTestContext, expectAllClose, toTensor, useCpuBackend, valuesOf } from "@blora/testing";
import { afterAll, describe, expect, test } from "vitest";
import { bayesianBits, uniform } from "../src/index.ts";

useCpuBackend();
const engine = onnx();
afterAll(() => engine.release());

const gate = hardConcrete();
// No sample of the gates is clipped.
const noise = { seed: 2, step: 2 };

interface Case {
  readonly quantizer: Quantizer;
  /** N, K */
  readonly shape: readonly [number, number];
  readonly signed: boolean;
  readonly widths: (gates: Tensor, context: Context) => VectorWidths;
}

/** Loss, rounded values, and gradients by values, parameters and gates: compiled and eager. */
async function expectCompiledLikeEager({ quantizer, shape, signed, widths }: Case): Promise<void> {
  const [N, K] = shape;
  const values = normalValues({ seed: 1, step: 0, path: "x" }, N * K).map(
    (value, index) => (signed ? value : Math.abs(value)) * (1 + (Math.floor(index / K) % 3)),
  );
  const G = quantizer.gates?.count ?? 1;
  const start = {
    x: { shape: [N, K], values },
    gates: { shape: [N, G], values: Float32Array.from({ length: N * G }, (_, index) => 0.8 * Math.sin(index)) },
    ...quantizer.init({ values, vectors: N, signed }),
  };
  const compute = (trainable: Readonly<Record<string, Tensor>>, context: Context) => {
    const { x, gates, ...parameters } = trainable;
    const rounded = quantizer.round(parameters, x!, signed, widths(gates!, context));
    return { loss: ops.mean(ops.square(ops.sub(rounded, 0.2))), rounded };
  };
  const step = await engine.compile({
    name: "round",
    mode: "train",
    inputs: {},
    trainable: Object.fromEntries(Object.entries(start).map(([name, { shape }]) => [name, shape])),
    frozen: new Map(),
    compute: ({ trainable, context }: StepInputs) => {
      const { loss, rounded } = compute(trainable, context);
      return { loss, outputs: { rounded } };
    },
  });
  const fed = Object.fromEntries(Object.entries(start).map(([name, parameter]) => [name, parameter.values]));
  const compiled = await step.run({}, fed, noise);
  await step.release();

  const names = Object.keys(start) as (keyof typeof start)[];
  const context = createTestContext("train", noise);
  const named = (tensors: readonly Tensor[]) => Object.fromEntries(names.map((name, index) => [name, tensors[index]!]));
  const tensors = names.map((name) => toTensor(start[name]));
  const { value, gradients } = valueAndGradients((...all) => compute(named(all), context).loss, tensors);
  expectAllClose(compiled.outputs.rounded!, compute(named(tensors), context).rounded, { absolute: 2e-6 });
  expect(new Set(compiled.outputs.rounded).size).toBeGreaterThan(2);
  expectAllClose(compiled.loss!, value);
  for (const [index, name] of names.entries()) {
    expectAllClose(compiled.gradients[name]!, valuesOf(gradients[index]!), { relative: 1e-4, absolute: 1e-6 });
  }
}

const drawn =
  ({ gates }: Quantizer) =>
  (logits: Tensor, context: Context): VectorWidths => ({
    shares: gates!.shares(logits, "drawn", (shape) => context.uniform("site/A", shape)),
  });
const decided =
  ({ gates }: Quantizer) =>
  (logits: Tensor): VectorWidths => ({
    shares: gates!.shares(logits, "decided", () => expect.fail("noise was drawn")),
    oneHot: true,
  });
const settled =
  (...bits: number[]) =>
  (gates: Tensor): VectorWidths =>
    Array.from({ length: gates.shape[0]! }, (_, vector) => bits[vector % bits.length]!);

const quantizers = {
  "mid-rise": uniform({ bits: [0, 2, 4, 8], gate }),
  absmax: uniform({ bits: [0, 2, 4, 8], gate, grid: "absmax" }),
  bayesianBits: bayesianBits({ gate }),
};

describe.each(Object.entries(quantizers))("compiled %s has the eager values and gradients", (name, quantizer) => {
  const cases = [true, false].flatMap((signed) =>
    (
      [
        [12, 32],
        [1, 384],
      ] as const
    ).map((shape) => ({ quantizer, shape, signed })),
  );
  const mixed = name === "bayesianBits" ? settled(2, 16, 32, 4, 3) : settled(2, 16, 32, 0, 3);

  test.each(cases)("drawn widths of $shape, signed $signed", (given) =>
    expectCompiledLikeEager({ ...given, widths: drawn(quantizer) }),
  );
  test.each(cases)("decided widths of $shape, signed $signed", (given) =>
    expectCompiledLikeEager({ ...given, widths: decided(quantizer) }),
  );
  test.each(cases)("mixed settled widths of $shape, signed $signed", (given) =>
    expectCompiledLikeEager({ ...given, widths: mixed }),
  );
  test.each(cases)("8 bits everywhere of $shape, signed $signed", (given) =>
    expectCompiledLikeEager({ ...given, widths: settled(8) }),
  );
});
