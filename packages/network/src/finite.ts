import { NumericalError } from "@blora/spec";

/**
 * Checks numbers where they leave an engine.
 *
 * @param describe the sentence about the first that is none
 * @throws NumericalError where one is NaN or infinite
 */
export function requireFinite(
  values: Float32Array | Float64Array,
  describe: (found: number, index: number) => string,
): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) throw new NumericalError(describe(value, index));
  }
}
