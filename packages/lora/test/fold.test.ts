import { expect, test } from "vitest";
import { foldUpdate } from "../src/fold.ts";

// A [3, 2], B [2, 3]
const A = Float32Array.of(1, 2, 3, 4, 5, 6);
const B = Float32Array.of(1, 2, 3, 4, 5, 6);

test("folding puts the scales of the kept components into the columns of B", () => {
  const update = foldUpdate({ A, B, scales: [10, 0, -1], kept: [0, 2] })!;
  expect(update.rank).toBe(2);
  expect([...update.A]).toEqual([1, 2, 5, 6]);
  expect([...update.B]).toEqual([10, -3, 40, -6]);
});

test("folding no component gives no update", () => {
  expect(foldUpdate({ A, B, scales: [1, 1, 1], kept: [] })).toBeUndefined();
});
