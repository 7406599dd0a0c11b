import { hardConcrete } from "@blora/gates";
import { ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { checkGradients, expectAllClose, toTensors, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bayesianBits } from "../src/index.ts";
import { residualDecomposition } from "./reference.ts";

useCpuBackend();
const gate = hardConcrete();
const quantizer = bayesianBits({ gate });
const logRanges = (...ranges: number[]): { logRange: Tensor } => ({ logRange: ops.tensor(ranges.map(Math.log)) });

/** Shares of 2, 4, 8 and 16 bits where gate values are z. */
function sharesOf([z4, z8, z16]: readonly [number, number, number]): number[] {
  return [1 - z4, z4 * (1 - z8), z4 * z8 * (1 - z16), z4 * z8 * z16];
}

describe("against the nested residuals in float64", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const row = fc.record({
    x: fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 8, maxLength: 8 }),
    range: fc.double({ min: 0.05, max: 3, noNaN: true }),
    z: fc.tuple(unit, unit, unit),
  });

  test("vectors with ranges and gates of their own agree", () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), fc.boolean(), (rows, signed) => {
        const shares = ops.tensor(rows.map(({ z }) => sharesOf(z)));
        const x = ops.tensor(rows.map((own) => own.x));
        const parameters = logRanges(...rows.map(({ range }) => range));
        const found = valuesOf(quantizer.round(parameters, x, signed, { shares }));
        for (const [vector, own] of rows.entries()) {
          for (const [index, value] of own.x.entries()) {
            const { quantized, nearTie } = residualDecomposition(value, own.range, signed, own.z);
            if (nearTie) continue;
            const tolerance = { relative: 1e-5, absolute: 2e-6 * own.range };
            expectAllClose(found[8 * vector + index]!, quantized, tolerance);
          }
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe("a settled width", () => {
  test("of two signed bits has the levels -2/3, 0 and 2/3 of α", () => {
    const x = ops.tensor([[-9, -1, -0.4, -0.3, 0, 0.3, 0.4, 1, 9]]);
    const t = 2 / 3;
    expectAllClose(quantizer.round(logRanges(1), x, true, [2]), [-t, -t, -t, 0, 0, 0, t, t, t]);
  });

  test("of two unsigned bits has the levels 0, 1/3, 2/3 and 1 of α", () => {
    const x = ops.tensor([[-1, 0.1, 0.3, 0.6, 0.9, 5]]);
    expectAllClose(quantizer.round(logRanges(1), x, false, [2]), [0, 0, 1 / 3, 2 / 3, 1, 1]);
  });

  test("never reaches a level outside the range at ±α, alone or among others", () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(1e-6), max: 1e6, noNaN: true }), (range) => {
        const x = [range, -range];
        for (const bits of [2, 4, 8, 16]) {
          const top = ((2 ** (bits - 1) - 1) * 2 * range) / (2 ** bits - 1);
          expectAllClose(quantizer.round(logRanges(range), ops.tensor([x]), true, [bits]), [top, -top], {
            absolute: 0,
          });
          const both = quantizer.round(logRanges(range, range), ops.tensor([x, x]), true, [bits, bits]);
          expectAllClose(both, [top, -top, top, -top], { absolute: 0 });
        }
      }),
      { seed: 1 },
    );
  });

  test("that none of the widths is, is refused", () => {
    expect(() => quantizer.round(logRanges(1), ops.ones([1, 2]), true, [0])).toThrow(
      "a vector has 2 to 16 bits, or 32, not 0",
    );
  });
});

describe("gradients", () => {
  const x = [
    [-1.01, -1, -0.99, 0.2, 0.99, 1.01],
    [-4.1, -3.9, -0.01, 0, 3.9, 4.1],
  ];
  const ranges = [1, 4];
  const byX = (rows: number, signed: boolean): Tensor =>
    valueAndGradients(
      (input) => ops.sum(quantizer.round(logRanges(...ranges.slice(0, rows)), input!, signed, [2, 4].slice(0, rows))),
      [ops.tensor(x.slice(0, rows))],
    ).gradients[0]!;

  test.each([1, 2])("by %i vectors end at the edges of each range", (rows) => {
    expectAllClose(byX(rows, true), [0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0].slice(0, 6 * rows));
    expectAllClose(byX(rows, false), [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0].slice(0, 6 * rows));
  });

  test("by ln α are x_q outside the range and x_q - x inside, for each vector", () => {
    const dy = ops.tensor([
      [1, 10],
      [1, 10],
    ]);
    const { gradients } = valueAndGradients(
      (logRange) => {
        const values = ops.tensor([
          [0.5, 5],
          [-0.6, 0.3],
        ]);
        return ops.sum(ops.mul(quantizer.round({ logRange: logRange! }, values, true, [2, 32]), dy));
      },
      [ops.tensor([Math.log(2), 0])],
    );
    // 0.5 rounds to 0 inside the range, 5 clips to 4/3; the other vector is not rounded.
    expectAllClose(gradients[0]!, [-0.5 + (10 * 4) / 3, 0]);
  });

  test("by shares agree with finite differences", () => {
    for (const signed of [true, false]) {
      checkGradients(
        (shares) => quantizer.round(logRanges(1, 4), ops.tensor(x), signed, { shares: ops.reshape(shares!, [2, 4]) }),
        [[0.1, 0.2, 0.3, 0.4, 0.4, 0.1, 0.3, 0.2]],
      );
    }
  });

  test("of mixtures by x and ln α are those of a settled width where one share is 1", () => {
    const shares = ops.tensor([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ]);
    const of = (widths: Parameters<typeof quantizer.round>[3]): Tensor[] =>
      valueAndGradients(
        (input, logRange) => ops.sum(ops.square(quantizer.round({ logRange: logRange! }, input!, true, widths))),
        [ops.tensor(x), ops.tensor(ranges.map(Math.log))],
      ).gradients;
    const settled = of([2, 4]);
    for (const widths of [{ shares }, { shares, oneHot: true }]) {
      for (const [index, gradient] of of(widths).entries()) expectAllClose(gradient, valuesOf(settled[index]!));
    }
  });
});

test("ranges that are not learned stay out of training", () => {
  const tensor = { values: Float32Array.of(1, -0.5), vectors: 1, signed: true };
  expect(quantizer.init(tensor).logRange!.group).toBe("ranges");
  const fixed = bayesianBits({ gate, learnRange: false }).init(tensor);
  expect(fixed.logRange!.group).toBe("frozen");
  expect(valuesOf(toTensors(fixed).logRange!)).toEqual(quantizer.init(tensor).logRange!.values);
});

test("options that make no quantizer are refused", () => {
  expect(() => bayesianBits({ gate, maxBits: 32 as 16 })).toThrow(/maxBits: .*2\|4\|8\|16, found 32/);
  expect(() => bayesianBits({ gate, minBits: 3 as 4 })).toThrow(/minBits: .*2\|4\|8\|16, found 3/);
  expect(() => bayesianBits({ gate, minBits: 8, maxBits: 4 })).toThrow(
    "minBits: expected minBits to be at most maxBits, found 8",
  );
  expect(() => bayesianBits({ gate, minBit: 4 } as never)).toThrow('unknown key "minBit" (did you mean minBits');
});

test("one width has no gates", () => {
  expect(bayesianBits({ gate, minBits: 8, maxBits: 8 }).gates).toBeUndefined();
  expect(quantizer.gates!.count).toBe(3);
});

test("a manifest carries its gate", () => {
  expect(JSON.parse(JSON.stringify(bayesianBits({ gate, maxBits: 8 })))).toEqual({
    $plugin: "quantizer/bayesian-bits",
    options: { gate: { $plugin: "gate/hard-concrete" }, maxBits: 8 },
  });
});
