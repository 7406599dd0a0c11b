import { describe, expect, test } from "vitest";
import { gaussianRange } from "../src/gaussian-range.ts";

/** φ and the upper tail of a standard normal variable. */
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Laplace's continued fraction, to double precision above 0.5; the power series below. */
function tail(x: number): number {
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let k = 1; k < 100; k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density(x) * sum;
  }
  let fraction = 0;
  for (let k = 120; k > 0; k--) fraction = k / (x + fraction);
  return density(x) / (x + fraction);
}

/** E[(Q(x) - x)²] of a standard normal x and 2^b mid-rise levels over [-range, range], in closed form. */
function squaredError(range: number, bits: number): number {
  const count = 2 ** (bits - 1);
  const step = range / count;
  let error = 1;
  let [density0, tail0] = [density(0), 0.5];
  for (let code = 0; code < count; code++) {
    const last = code === count - 1;
    const edge = (code + 1) * step;
    const density1 = last ? 0 : density(edge);
    const tail1 = last ? 0 : tail(edge);
    const level = (code + 0.5) * step;
    // Both halves: level²·P(cell) - 2·level·E[x in the cell]
    error += 2 * level * (level * (tail0 - tail1) - 2 * (density0 - density1));
    [density0, tail0] = [density1, tail1];
  }
  return error;
}

/** The range of the smallest error, by golden section. */
function optimum(bits: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [1, 8];
  while (high - low > 1e-4) {
    const [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
    if (squaredError(left, bits) < squaredError(right, bits)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}

describe("the optimum for Gaussian values", () => {
  test.each([
    [2, 0.9957],
    [3, 0.586],
    [4, 0.3352],
    [5, 0.1881],
  ])("at %i bits has the step that Max (1960, table II) gives", (bits, step) => {
    expect(optimum(bits) / 2 ** (bits - 1)).toBeCloseTo(step, 4);
  });

  test("is within 1 % of the error of every range up to 8 bits", () => {
    for (let bits = 2; bits <= 8; bits++) {
      const excess = squaredError(gaussianRange(bits, true), bits) / squaredError(optimum(bits), bits) - 1;
      expect(excess, `${bits} bits`).toBeGreaterThanOrEqual(0);
      expect(excess, `${bits} bits`).toBeLessThan(0.01);
    }
  });

  test("is the range itself from 9 bits on: a hundredth more or less is worse", () => {
    for (let bits = 9; bits <= 17; bits++) {
      const range = bits === 17 ? gaussianRange(16, false) : gaussianRange(bits, true);
      const error = squaredError(range, bits);
      expect(squaredError(range - 0.01, bits), `${bits} bits`).toBeGreaterThan(error);
      expect(squaredError(range + 0.01, bits), `${bits} bits`).toBeGreaterThan(error);
    }
  });
});

test("ranges of both signs are pinned", () => {
  expect([2, 3, 4, 5, 6, 7, 8].map((bits) => gaussianRange(bits, true))).toEqual([
    1.96, 2.33, 2.7, 2.94, 3.3, 3.6, 3.9,
  ]);
  // Magnitudes alone leave a bit that the sign took.
  for (let bits = 2; bits < 16; bits++) expect(gaussianRange(bits, false)).toBe(gaussianRange(bits + 1, true));
});
