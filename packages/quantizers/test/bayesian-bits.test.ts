import { hardConcrete } from "@blora/gates";
import { ops, type Tensor, valueAndGradients } from "@blora/tensor";
import {
  checkGradients,
  createTestContext,
  expectAllClose,
  halfUniformStep,
  testQuantizer,
  toTensors,
  useCpuBackend,
  valuesOf,
} from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bayesianBits } from "../src/index.ts";
import { residualDecomposition } from "./reference.ts";

useCpuBackend();

const gate = hardConcrete();
for (const maxBits of [2, 4, 8, 16] as const) {
  describe(`up to ${maxBits} bits`, () =>
    testQuantizer(bayesianBits({ gate, maxBits }), { maximumError: halfUniformStep }));
}
for (const minBits of [4, 16] as const) {
  describe(`from ${minBits} bits`, () =>
    testQuantizer(bayesianBits({ gate, minBits }), { maximumError: halfUniformStep }));
}

const quantizer = bayesianBits({ gate });
const logits = (values: number[]) => ({
  gates: { shape: [values.length], values: Float32Array.from(values), group: "gates" as const },
});

describe("bits", () => {
  test("the first closed gate cuts the widths above it", () => {
    expect(quantizer.bits(logits([6, 6, 6]))).toBe(16);
    expect(quantizer.bits(logits([6, 6, -2]))).toBe(8);
    expect(quantizer.bits(logits([6, -2, 6]))).toBe(4);
    expect(quantizer.bits(logits([-2, 6, 6]))).toBe(2);
  });

  test("with every gate closed the width is the narrowest allowed", () => {
    const fromFour = bayesianBits({ gate, minBits: 4 });
    expect(fromFour.bits(logits([-2, 6]))).toBe(4);
    expect(fromFour.bits(logits([6, -2]))).toBe(8);
    expect(fromFour.bits(logits([6, 6]))).toBe(16);
    // 4 + p(4 + 8p) with p = σ(2 + 2/3·ln 11), the probability that a gate at 2 is not at 0.
    const p = 1 / (1 + Math.exp(-2 - (2 / 3) * Math.log(11)));
    expectAllClose(fromFour.expectedBits({ gates: ops.tensor([2, 2]) }), 4 + p * (4 + 8 * p));
    expect(Object.keys(fromFour.gateProbabilities!(logits([2, 2])))).toEqual(["8", "16"]);
  });

  test("the expectation at φ = 2 is 15.114176525", () => {
    expectAllClose(quantizer.expectedBits({ gates: ops.tensor([2, 2, 2]) }), 15.114176525);
  });

  test("the expectation agrees with finite differences", () => {
    checkGradients((gates) => quantizer.expectedBits({ gates }), [[1, -0.5, 0.3]]);
  });
});

describe("range", () => {
  test("is the largest magnitude, not the largest value", () => {
    const { logRange } = quantizer.init({ values: Float32Array.of(-3, 0.5, 0.1), signed: true });
    expectAllClose(Math.exp(logRange!.values[0]!), 3);
    expect(logRange).toMatchObject({ shape: [], group: "ranges" });
  });

  test("is floored at 1e-8 for an all-zero tensor", () => {
    const { logRange } = quantizer.init({ values: new Float32Array(4), signed: true });
    expectAllClose(Math.exp(logRange!.values[0]!), 1e-8);
  });

  test("stays out of training where it is not learned", () => {
    const fixed = bayesianBits({ gate, learnRange: false });
    expect(fixed.init({ values: Float32Array.of(1), signed: true }).logRange!.group).toBe("frozen");
  });

  test("a value at ±α never reaches a level outside the range", () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(1e-6), max: 1e6, noNaN: true }), (range) => {
        const x = Float32Array.of(range, -range);
        const parameters = toTensors(quantizer.init({ values: x, signed: true }));
        for (const bits of [2, 4, 8, 16]) {
          const top = ((2 ** (bits - 1) - 1) * 2 * range) / (2 ** bits - 1);
          expectAllClose(quantizer.quantizeFixed(parameters, ops.tensor(x), true, bits), [top, -top], { absolute: 0 });
        }
      }),
    );
  });

  test("a value that is not finite is refused with its place", () => {
    expect(() => quantizer.init({ values: Float32Array.of(1, Number.NaN), signed: true })).toThrow(
      "A quantizer cannot take its range from NaN (value 1 of 2).",
    );
  });
});

describe("against the nested residuals in float64", () => {
  test("values agree for random ranges, gates and widths", () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0.05, max: 3, noNaN: true }),
        fc.tuple(unit, unit, unit),
        fc.boolean(),
        (x, range, z, signed) => {
          const opened = bayesianBits({ gate: { ...gate, sample: () => ops.tensor([z]) } });
          const parameters = { logRange: ops.scalar(Math.log(range)), gates: ops.tensor([0, 0, 0]) };
          const found = valuesOf(opened.quantize(parameters, ops.tensor(x), signed, createTestContext("train"), "x"));
          x.forEach((value, index) => {
            const { quantized, nearTie } = residualDecomposition(value, range, signed, z);
            if (!nearTie) expectAllClose(found[index]!, quantized, { relative: 1e-5, absolute: 2e-6 * range });
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("gates", () => {
  test("one noise value per gate serves the whole tensor", () => {
    const asked: [string, number][] = [];
    const context = createTestContext("train", {
      uniform: (path, size) => {
        asked.push([path, size]);
        return new Float32Array(size).fill(0.5);
      },
    });
    const parameters = toTensors(quantizer.init({ values: Float32Array.of(1, -0.5), signed: true }));
    quantizer.quantize(parameters, ops.tensor([1, -0.5]), true, context, "layer/A");
    expect(asked).toEqual([["layer/A", 3]]);
  });

  test("the gradient by a gate's logit agrees with finite differences", () => {
    const noise = () => Float32Array.of(0.4, 0.55, 0.6);
    const context = createTestContext("train", { uniform: noise });
    const x = ops.tensor([0.31, -0.83, 0.07, 0.55]);
    const quantize = (gates: Tensor): Tensor =>
      quantizer.quantize({ logRange: ops.scalar(0), gates }, x, true, context, "x");
    checkGradients(quantize, [[0.3, -0.1, 0.1]], { absolute: 1e-4 });
  });

  test("a gate at φ = -3 comes back where the task needs it", () => {
    expect(trainedLogit(false)).toBeGreaterThan(gate.threshold);
  });

  test("with truncation a gate at φ = -3 is closed for good, as in the reference code", () => {
    expect(trainedLogit(true)).toBe(-3);
  });
});

/** φ_4 after 300 steps of gradient descent on the rounding error, from φ = (-3, 6, 6). */
function trainedLogit(truncate: boolean): number {
  const trained = bayesianBits({ gate, truncate });
  const x = ops.tensor([0.3, -0.3, 0.26, 0.95, -0.5]);
  let gates: Tensor = ops.tensor([-3, 6, 6]);
  for (let step = 0; step < 300; step++) {
    const { gradients } = valueAndGradients(
      (values) => {
        const context = createTestContext("train", { step });
        const rounded = trained.quantize({ logRange: ops.scalar(0), gates: values! }, x, true, context, "x");
        return ops.sum(ops.square(ops.sub(rounded, x)));
      },
      [gates],
    );
    gates = ops.sub(gates, ops.mul(gradients[0]!, 2));
  }
  return valuesOf(gates)[0]!;
}

test("options that make no quantizer are refused", () => {
  expect(() => bayesianBits({ gate, maxBits: 32 as 16 })).toThrow("maxBits must be 2, 4, 8 or 16, not 32");
  expect(() => bayesianBits({ gate, minBits: 3 as 4 })).toThrow("minBits must be 2, 4, 8 or 16, not 3");
  expect(() => bayesianBits({ gate, minBits: 8, maxBits: 4 })).toThrow("minBits must be at most maxBits, 4, not 8");
  expect(() => bayesianBits({ gate, initialLogits: [1, 2] })).toThrow("needs 3 values for 2 to 16 bits, found 2");
});

test("a manifest carries its gate", () => {
  expect(JSON.parse(JSON.stringify(bayesianBits({ gate, maxBits: 8 })))).toEqual({
    $plugin: "quantizer/bayesian-bits",
    options: { gate: { $plugin: "gate/hard-concrete" }, maxBits: 8 },
  });
});
