import { expect } from "vitest";
import type { Float64Tensor } from "./float64.ts";

/** What float32 maths may differ by from the same maths in double precision, as a share of the value. */
const RELATIVE_TOLERANCE = 1e-4;

/**
 * Fails where values differ by more than 1e-4 of the expected value, or of the
 * tensor's root mean square for values smaller than that: a sum that cancels
 * keeps the absolute error of its terms.
 */
export function expectEqualWithinFloat32(
  what: string,
  actual: Float32Array | undefined,
  expected: Float64Tensor,
): void {
  expect(actual, `${what} is missing`).toBeDefined();
  expect(actual!.length, `number of values of ${what}`).toBe(expected.values.length);
  const meanSquare = expected.values.reduce((sum, value) => sum + value * value, 0) / expected.values.length;
  const floor = Math.max(Math.sqrt(meanSquare), 1e-3);
  for (const [index, value] of expected.values.entries()) {
    const tolerance = RELATIVE_TOLERANCE * Math.max(Math.abs(value), floor);
    if (!(Math.abs(actual![index]! - value) <= tolerance)) {
      expect.fail(
        `value ${index} of ${what} [${expected.shape}] is ${actual![index]}, expected ${value} ± ${tolerance}`,
      );
    }
  }
}
