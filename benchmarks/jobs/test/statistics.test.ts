import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { percentilesOf } from "../statistics.ts";

test("percentiles are values of which so many are not greater", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentilesOf(values)).toEqual({ median: 100, p95: 190, p99: 198, most: 200 });
  expect(percentilesOf([7])).toEqual({ median: 7, p95: 7, p99: 7, most: 7 });
  expect(() => percentilesOf([])).toThrow("expected values to take percentiles of, found none");
});

test("random numbers have the moments of their names", () => {
  const random = createRandom(3);
  const momentsOf = (draw: () => number): readonly [number, number] => {
    const values = Array.from({ length: 20_000 }, draw);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
  };
  const expected = { uniform: [1 / 2, 1 / 12], normal: [0, 1], exponential: [5, 25] } as const;
  const found = {
    uniform: momentsOf(random.uniform),
    normal: momentsOf(random.normal),
    exponential: momentsOf(() => random.exponential(5)),
  };
  for (const name of ["uniform", "normal", "exponential"] as const) {
    const [mean, variance] = expected[name];
    expect(Math.abs(found[name][0] - mean)).toBeLessThan(0.03 * Math.sqrt(variance));
    expect(Math.abs(found[name][1] / variance - 1)).toBeLessThan(0.05);
  }
});
