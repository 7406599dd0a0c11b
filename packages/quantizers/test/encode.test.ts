import { hardConcrete } from "@blora/gates";
import { ops } from "@blora/tensor";
import { toTensors, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bayesianBits, uniform } from "../src/index.ts";

useCpuBackend();

const magnitudes = fc.double({ min: -30, max: 8, noNaN: true }).map((exponent) => 2 ** exponent);
const tensors = fc
  .tuple(fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 1, maxLength: 60 }), magnitudes)
  .map(([values, size]) => Float32Array.from(values, (value) => value * size));

test("the codes of any tensor, width and range give the fixed quantizer's float32 values bit for bit", () => {
  fc.assert(
    fc.property(tensors, magnitudes, fc.integer({ min: 2, max: 16 }), fc.boolean(), (values, range, bits, signed) => {
      const quantizer = uniform({ bits });
      const parameters = quantizer.init({ values: Float32Array.of(range), signed });
      const { codes, scale } = quantizer.encode!(parameters, values, signed, bits)!;
      const fixed = quantizer.quantizeFixed(toTensors(parameters), ops.tensor(values), signed, bits);
      expect(Float32Array.from(codes, (code) => code * scale)).toEqual(
        Float32Array.from(valuesOf(fixed), (value) => value + 0),
      );
      expect(scale).toBe(Math.fround(scale));
    }),
    { numRuns: 300 },
  );
});

test("the codes at learned widths are those of evaluation", () => {
  const quantizer = bayesianBits({ gate: hardConcrete() });
  const values = Float32Array.of(0.9, -0.31, 0.02, -0.7);
  const start = quantizer.init({ values, signed: true });
  for (const [logits, bits] of [
    [[-3, 3, 3], 2],
    [[3, -3, 3], 4],
    [[3, 3, -3], 8],
    [[3, 3, 3], 16],
  ] as const) {
    const parameters = { ...start, gates: { ...start.gates!, values: Float32Array.from(logits) } };
    expect(quantizer.bits(parameters)).toBe(bits);
    const { codes, scale } = quantizer.encode!(parameters, values, true, bits)!;
    const context = { mode: "eval", uniform: () => expect.fail("noise was drawn") } as const;
    const evaluated = quantizer.quantize(toTensors(parameters), ops.tensor(values), true, context, "x");
    expect(Float32Array.from(codes, (code) => code * scale)).toEqual(
      Float32Array.from(valuesOf(evaluated), (value) => value + 0),
    );
  }
});

test("32 bits have no codes", () => {
  const quantizer = uniform({ bits: 32 });
  const parameters = quantizer.init({ values: Float32Array.of(1), signed: true });
  expect(quantizer.encode!(parameters, Float32Array.of(1), true, 32)).toBeUndefined();
});
