import fc from "fast-check";
import { expect, test } from "vitest";
import { fisherErrors, productErrors } from "../../src/allocation/component-errors.ts";
import { hullSlopes } from "../../src/allocation/hull-slopes.ts";
import { risingRoot } from "../../src/allocation/rising-root.ts";

test("slopes of the lower convex hull of error over cost", () => {
  expect(hullSlopes([0, 2, 4, 8], [10, 4, 3, 1])).toEqual([3, 0.5, 0.5]);
  // The second level lies above the line from the first to the third: both steps are worth that line.
  expect(hullSlopes([0, 2, 4], [10, 9, 2])).toEqual([2, 2]);
  expect(hullSlopes([3], [1])).toEqual([]);
});

test("hull slopes never rise along a unit, and removing the error of all steps adds up", () => {
  const errors = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(errors, (own) => {
      const costs = own.map((_, level) => 2 ** level);
      const slopes = hullSlopes(costs, own);
      for (const [step, slope] of slopes.entries()) if (step > 0) expect(slope).toBeLessThanOrEqual(slopes[step - 1]!);
      const removed = slopes.reduce((sum, slope, step) => sum + slope * (costs[step + 1]! - costs[step]!), 0);
      expect(removed).toBeCloseTo(own[0]! - own.at(-1)!, 9);
    }),
    { seed: 1 },
  );
});

test("the root of a rising function, on either side of 0, flat or steep", () => {
  for (const at of [-300, -2.5, -1e-3, 0, 0.02, 7, 500]) {
    for (const f of [(x: number) => x, (x: number) => Math.atan(x), (x: number) => Math.expm1(x / 100)]) {
      expect(Math.abs(f(risingRoot((x) => f(x - at), 1e-6) - at))).toBeLessThanOrEqual(1e-6);
    }
  }
});

test("without a root the far end on its side is returned", () => {
  expect(risingRoot(() => -1, 1e-4)).toBe(2 ** 10);
  expect(risingRoot((x) => 1 / (1 + Math.exp(-x)) + 1, 1e-4)).toBe(-(2 ** 10));
});

test("the error of a rounded component is that of its outer product", () => {
  const a = { float: Float32Array.of(1, 2, -1, 3), rounded: Float32Array.of(1.5, 1.5, -1, 2.5) }; // [2, 2]
  const b = { float: Float32Array.of(2, 0, 1, 1, 1, 4), rounded: Float32Array.of(2, 0.5, 1, 0, 1.5, 4) }; // [2, 3]
  const direct = [0, 1].map((r) => {
    let error = 0;
    for (let o = 0; o < 3; o++) {
      for (let i = 0; i < 2; i++) {
        const [x, y] = [r * 2 + i, r * 3 + o];
        error += (b.rounded[y]! * a.rounded[x]! - b.float[y]! * a.float[x]!) ** 2;
      }
    }
    return error;
  });
  for (const [r, error] of productErrors(a, b, 2).entries()) expect(error).toBeCloseTo(direct[r]!, 10);
});

test("closing a component leaves its energy as error", () => {
  const closed = (float: Float32Array) => ({ float, rounded: new Float32Array(float.length) });
  expect(productErrors(closed(Float32Array.of(3, 4)), closed(Float32Array.of(2, 0, 0)), 1)).toEqual([100]);
});

test("half of the Fisher information times the squared error, by row", () => {
  const rounding = { float: Float32Array.of(1, 2, 3, 4), rounded: Float32Array.of(0, 2, 5, 4) };
  expect(fisherErrors(rounding, Float32Array.of(6, 1, 0.5, 9), 2)).toEqual([3, 1]);
});
