import { expect, test } from "vitest";
import { tracePoints } from "../src/symbolic/points.ts";
import { createFitter } from "../src/symbolic/polynomial.ts";

test.each(
  [
    ["batch", "sequence"],
    ["batch", "sequence", "past"],
  ].flatMap((dimensions) => [16, 24, 32, 64, 512, 2048].map((longest) => ({ dimensions, longest }))),
)("points of $dimensions up to $longest tokens decide every polynomial", ({ dimensions, longest }) => {
  const points = tracePoints(dimensions, longest);
  expect(() => createFitter(points)).not.toThrow();
  for (const { batch: _, ...lengths } of points) {
    expect(Object.values(lengths).reduce((sum, length) => sum + length, 0)).toBeLessThan(longest);
  }
});
