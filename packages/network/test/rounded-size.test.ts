import { expect, test } from "vitest";
import { roundedSize } from "../src/index.ts";

test.each([
  [64, [1, 24, 25, 48, 49, 64, 65, 96, 97, 128, 400], [1, 24, 32, 48, 64, 64, 96, 96, 128, 128, 512]],
  [100, [1, 2, 19, 20, 38, 39, 75, 76, 100], [2, 2, 19, 25, 38, 50, 75, 100, 100]],
])("sizes are %i times a power of two, or three quarters of that", (unit, counts, sizes) => {
  expect(counts.map((count) => roundedSize(count, unit))).toEqual(sizes);
});
