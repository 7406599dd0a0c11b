import { describe, expect, it } from "vitest";
import { differenceOf, ratioOf } from "../statistics.ts";

describe("differenceOf", () => {
  it("gives the mean and the standard error of the mean", () => {
    // Variance (9 + 1 + 1 + 9) / 3 = 20 / 3 of four.
    expect(differenceOf([1, 3, 5, 7])).toEqual({ mean: 4, standardError: Math.sqrt(20 / 3 / 4), count: 4 });
  });

  it("knows no error of one difference, and nothing of none", () => {
    expect(differenceOf([-0.5])).toEqual({ mean: -0.5, standardError: undefined, count: 1 });
    expect(differenceOf([])).toBeUndefined();
  });
});

describe("ratioOf", () => {
  it("gives the geometric mean and counts ratios below 1", () => {
    const { geometricMean, below, count } = ratioOf([0.25, 1, 2, 0.5])!;
    expect(geometricMean).toBeCloseTo(0.25 ** 0.25, 12);
    expect([below, count]).toEqual([2, 4]);
    expect(ratioOf([])).toBeUndefined();
  });
});
