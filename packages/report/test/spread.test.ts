import { describe, expect, test } from "vitest";
import { duration } from "../src/index.ts";
import { meanByKey, spreadOf } from "../src/sweep/spread.ts";

describe("a spread", () => {
  test("is the mean and the sample standard deviation", () => {
    expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, standardDeviation: Math.sqrt(32 / 7), count: 8 });
  });

  test("has no deviation for one value, and is nothing for none", () => {
    expect(spreadOf([0.5])).toEqual({ mean: 0.5, standardDeviation: null, count: 1 });
    expect(spreadOf([])).toBeUndefined();
  });

  test("of records averages each key over those that have it", () => {
    expect(meanByKey([{ A: 4, B: 2 }, { A: 8 }])).toEqual({ A: 6, B: 2 });
  });
});

test.each([
  [12.4, "12s"],
  [95, "1m35s"],
  [7500, "2h5m"],
  [Number.NaN, "?"],
])("shows %d seconds as %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
