import { InvalidInputError, type Parameter, type QuantizedTensor } from "@blora/spec";

/** A range of zero would divide by zero, and B = 0 is where LoRA starts. */
const SMALLEST_RANGE = 1e-8;

/**
 * The parameter `logRange`, ln α, for a tensor: α is its largest magnitude, or
 * its largest value where nothing is negative.
 *
 * @throws InvalidInputError if a value is not finite.
 */
export function initialRange({ values, signed }: QuantizedTensor, learned: boolean): Parameter {
  let range = SMALLEST_RANGE;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) {
      throw new InvalidInputError(
        `A quantizer cannot take its range from ${value} (value ${index} of ${values.length}).`,
      );
    }
    range = Math.max(range, signed ? Math.abs(value) : value);
  }
  return { shape: [], values: Float32Array.of(Math.log(range)), group: learned ? "ranges" : "frozen" };
}

/** Widens a learned range in place so that none of the values is clipped. A range that is not trained stays. */
export function widenRange(logRange: Parameter, tensor: QuantizedTensor): void {
  if (logRange.group !== "ranges") return;
  const needed = initialRange(tensor, true).values[0]!;
  logRange.values[0] = Math.max(logRange.values[0]!, needed);
}
