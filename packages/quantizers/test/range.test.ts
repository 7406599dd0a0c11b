import { normalValues } from "@blora/tensor";
import { expectAllClose } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { initialRanges } from "../src/range.ts";

const rangesOf = (rows: readonly (readonly number[])[], bits: number, signed = true): number[] => {
  const values = Float32Array.from(rows.flat());
  return Array.from(initialRanges({ values, vectors: rows.length, signed }, bits, "ranges").values, Math.exp);
};

/** Σ (Q(x) - x)² at 2 bits: levels 0 and ±2α/3, or 0 to 3 times α/3. */
function squaredError(x: readonly number[], range: number, signed: boolean): number {
  const step = signed ? (2 * range) / 3 : range / 3;
  const top = signed ? 1 : 3;
  return x.reduce((total, value) => {
    const code = Math.min(Math.round(Math.abs(value) / step), top);
    return total + (code * step - (signed ? Math.abs(value) : Math.max(0, value))) ** 2;
  }, 0);
}

describe("the starting range", () => {
  test.each([true, false])(
    "has the smallest error of 640 ranges, to 1/64 of the largest magnitude (signed %s)",
    (signed) => {
      for (const [seed, K] of [
        [1, 50],
        [2, 400],
        [3, 7],
      ] as const) {
        const x = Array.from(normalValues({ seed, step: 0, path: "x" }, K), (value) =>
          signed ? value : Math.abs(value),
        );
        const unit = (Math.max(...x.map(Math.abs)) * (signed ? 1.5 : 1)) / 640;
        const errors = Array.from({ length: 640 }, (_, index) => squaredError(x, (index + 1) * unit, signed));
        const found = rangesOf([x], 2, signed)[0]!;
        const coarse = errors.filter((_, index) => index % 40 === 39); // what the first pass sees
        expect(squaredError(x, found, signed)).toBeLessThanOrEqual(Math.min(...coarse) + 1e-6);
        expect(squaredError(x, found, signed) / Math.min(...errors)).toBeLessThan(1.02);
      }
    },
  );

  // Best ranges of symmetric grids with a zero level for Gaussian values, in standard deviations.
  test.each([
    [2, 1.83, 0.1],
    [4, 2.7, 0.1],
    [8, 3.94, 0.25], // a few values decide
  ])("at %i bits is %f standard deviations of Gaussian values", (bits, expected, tolerance) => {
    const values = normalValues({ seed: 7, step: 0, path: "gaussian" }, 60_000);
    expect(Math.abs(rangesOf([Array.from(values)], bits)[0]! - expected)).toBeLessThan(tolerance);
  });

  test("lets a level be what every value is", () => {
    // The outermost of 2 and 4 signed bits lies at 2/3 and 14/15 of the range.
    expectAllClose(rangesOf([[3, -3, 3]], 2), [4.5]);
    expectAllClose(rangesOf([[3, -3, 3]], 4), [(3 * 15) / 14]);
    expectAllClose(rangesOf([[3, 3, -1]], 2, false), [3]);
  });

  test("is one for each vector, and above 0 for vectors of zeros", () => {
    expectAllClose(
      rangesOf(
        [
          [3, -3],
          [0, 0],
          [0.5, 0.5],
        ],
        2,
      ),
      [4.5, 1e-8, 0.75],
      { absolute: 0 },
    );
    expect(initialRanges({ values: new Float32Array(6), vectors: 3, signed: true }, 2, "frozen")).toMatchObject({
      shape: [3],
      group: "frozen",
    });
  });

  test("of a long vector is that of some of its values, from all columns", () => {
    const columns = 64;
    const values = Float32Array.from({ length: columns * 4096 }, (_, index) => (index % columns === 1 ? 4 : 1));
    const long = initialRanges({ values, vectors: 1, signed: true }, 2, "ranges").values[0]!;
    const short = initialRanges({ values: values.subarray(0, 2 * columns), vectors: 1, signed: true }, 2, "ranges");
    expectAllClose(long, short.values[0]!);
  });

  test("refuses what is not finite, with its place", () => {
    expect(() => rangesOf([[1, Number.NaN]], 2)).toThrow("A quantizer cannot take its range from NaN (value 1 of 2).");
  });
});
