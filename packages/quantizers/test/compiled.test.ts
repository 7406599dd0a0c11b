import { onnx } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import type { Context, StepInputs } from "@blora/spec";
import { normalValues, ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { createTestContext, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import { afterAll, expect, test } from "vitest";
import { bayesianBits, roundToBits } from "../src/index.ts";

useCpuBackend();
const engine = onnx();
afterAll(() => engine.release());

const quantizer = bayesianBits({ gate: hardConcrete() });
const shape = [24, 16];
// Noise of about (0.48, 0.24, 0.90): no sample is clipped.
const noise = { seed: 2, step: 2 };

test.each([true, false])("the compiled quantizer has the eager values and gradients (signed %s)", async (signed) => {
  const values = normalValues({ seed: 1, step: 0, path: "x" }, 24 * 16, 0.5).map((v) => (signed ? v : Math.abs(v)));
  const start = {
    x: values,
    logRange: Float32Array.of(-0.2),
    gates: Float32Array.of(-0.2, 0.6, -1.5),
  };
  const loss = ({ x, logRange, gates }: Readonly<Record<string, Tensor>>, context: Context): [Tensor, Tensor] => {
    const rounded = quantizer.quantize({ logRange: logRange!, gates: gates! }, x!, signed, context, "site/A");
    return [ops.mean(ops.square(ops.sub(rounded, 0.2))), rounded];
  };

  const step = await engine.compile({
    name: "quantize",
    mode: "train",
    inputs: {},
    trainable: { x: shape, logRange: [], gates: [3] },
    frozen: new Map(),
    compute: ({ trainable, context }: StepInputs) => {
      const [total, rounded] = loss(trainable, context);
      return { loss: total, outputs: { rounded } };
    },
  });
  const compiled = await step.run({}, start, noise);
  await step.release();

  const context = createTestContext("train", noise);
  const { value, gradients } = valueAndGradients(
    (x, logRange, gates) => loss({ x: x!, logRange: logRange!, gates: gates! }, context)[0],
    [ops.tensor(values, shape as [number, number]), ops.scalar(-0.2), ops.tensor(start.gates)],
  );
  expectAllClose(compiled.loss!, value);
  expectAllClose(compiled.gradients.x!, gradients[0]!, { absolute: 1e-7 });
  expectAllClose(compiled.gradients.logRange!, gradients[1]!, { relative: 1e-4 });
  expectAllClose(compiled.gradients.gates!, gradients[2]!, { relative: 1e-4 });
  expect(Array.from(valuesOf(gradients[2]!)).every((gradient) => gradient !== 0)).toBe(true);
  expect(new Set(compiled.outputs.rounded).size).toBeGreaterThan(3);
});

test.each([2, 4, 8, 16].flatMap((bits) => [true, false].map((signed) => [bits, signed] as const)))(
  "compiled rounding to %i bits has the eager values and gradients (signed %s)",
  async (bits, signed) => {
    // Beyond the range on both sides.
    const values = normalValues({ seed: 3, step: 0, path: "x" }, 24 * 16, 0.6);
    const lossOf = (x: Tensor, logRange: Tensor): [Tensor, Tensor] => {
      const rounded = roundToBits(x, logRange, bits, signed);
      return [ops.mean(ops.square(ops.sub(rounded, 0.2))), rounded];
    };
    const step = await engine.compile({
      name: "round",
      mode: "train",
      inputs: {},
      trainable: { x: shape, logRange: [] },
      frozen: new Map(),
      compute: ({ trainable }: StepInputs) => {
        const [loss, rounded] = lossOf(trainable.x!, trainable.logRange!);
        return { loss, outputs: { rounded } };
      },
    });
    const compiled = await step.run({}, { x: values, logRange: Float32Array.of(-0.2) }, noise);
    await step.release();
    const x = ops.tensor(values, shape as [number, number]);
    const { gradients } = valueAndGradients((x, logRange) => lossOf(x!, logRange!)[0], [x, ops.scalar(-0.2)]);
    expectAllClose(compiled.outputs.rounded!, lossOf(x, ops.scalar(-0.2))[1], { absolute: 1e-6 });
    expectAllClose(compiled.gradients.x!, gradients[0]!, { absolute: 1e-7 });
    expectAllClose(compiled.gradients.logRange!, gradients[1]!, { relative: 1e-4, absolute: 1e-6 });
  },
);
