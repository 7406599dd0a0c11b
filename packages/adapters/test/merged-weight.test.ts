import { expect, test } from "vitest";
import { mergedWeight } from "../src/index.ts";

test("merging adds B·A to the weight", () => {
  const update = { rank: 3, A: Float32Array.of(1, 2, 3, 4, 5, 6), B: Float32Array.of(1, 2, 3, 4, 5, 6) };
  // A [3, 2], B [2, 3]: B·A = [[22, 28], [49, 64]]
  expect([...mergedWeight(Float32Array.of(1, 1, -1, 0), update)]).toEqual([23, 29, 48, 64]);
});

test("merging nothing copies the weight", () => {
  const weight = Float32Array.of(1, 2);
  const merged = mergedWeight(weight, undefined);
  expect(merged).toEqual(weight);
  expect(merged).not.toBe(weight);
});
