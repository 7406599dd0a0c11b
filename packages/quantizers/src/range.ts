import { InvalidInputError, type Parameter, type QuantizedTensor } from "@blora/spec";
import { EDGE } from "./grid.ts";
import { stepSize } from "./rounding.ts";

/** A range of zero would divide by zero, and B = 0 is where LoRA starts. */
const SMALLEST_RANGE = 1e-8;

/** Ranges that are tried reach their outermost level at 1/64 to 64/64 of the largest magnitude: first every fourth, then those between. */
const RESOLUTION = 64;
const STRIDE = 4;

/** Values the error is measured on, at most; a longer vector is read at even distances. */
const SAMPLE = 65_536;

/**
 * The parameter `logRange` [N], ln α of each vector: the α whose rounding to
 * `bits` bits has the smallest squared error, found to 1/64 of the largest magnitude.
 *
 * @throws InvalidInputError if a value is not finite.
 */
export function initialRanges(
  { values, vectors, signed }: QuantizedTensor,
  bits: number,
  group: "ranges" | "frozen",
): Parameter {
  const K = values.length / vectors;
  const ranges = Float32Array.from({ length: vectors }, (_, vector) => {
    return Math.log(bestRange(values.subarray(vector * K, (vector + 1) * K), bits, signed));
  });
  return { shape: [vectors], values: ranges, group };
}

function bestRange(values: Float32Array, bits: number, signed: boolean): number {
  const largest = largestMagnitude(values, signed);
  if (largest < SMALLEST_RANGE) return SMALLEST_RANGE;
  const sample = someOf(values, signed);
  // Signed levels end half a step inside the range.
  const unit = largest / (signed ? 1 - stepSize(bits, true) / 2 : 1) / RESOLUTION;
  const errorAt = (place: number): number => squaredError(sample, place * unit, bits, signed);
  const coarse = Array.from({ length: RESOLUTION / STRIDE }, (_, index) => (index + 1) * STRIDE);
  const near = bestOf(coarse, errorAt);
  const fine = Array.from({ length: 2 * STRIDE - 1 }, (_, index) => near - STRIDE + 1 + index);
  return (
    unit *
    bestOf(
      fine.filter((place) => place <= RESOLUTION),
      errorAt,
    )
  );
}

function bestOf(candidates: readonly number[], errorAt: (candidate: number) => number): number {
  const errors = candidates.map(errorAt);
  return candidates[errors.indexOf(Math.min(...errors))]!;
}

function largestMagnitude(values: Float32Array, signed: boolean): number {
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) {
      throw new InvalidInputError(
        `A quantizer cannot take its range from ${value} (value ${index} of ${values.length}).`,
      );
    }
    largest = Math.max(largest, signed ? Math.abs(value) : value);
  }
  return largest;
}

/** Magnitudes at even distances. An odd distance visits every column of a matrix whose columns are a power of two. */
function someOf(values: Float32Array, signed: boolean): Float32Array {
  const distance = values.length <= SAMPLE ? 1 : Math.ceil(values.length / SAMPLE) | 1;
  return Float32Array.from({ length: Math.ceil(values.length / distance) }, (_, index) => {
    const value = values[index * distance]!;
    return signed ? Math.abs(value) : Math.max(0, value);
  });
}

function squaredError(magnitudes: Float32Array, range: number, bits: number, signed: boolean): number {
  const step = range * stepSize(bits, signed);
  const limit = range * EDGE;
  let error = 0;
  for (const magnitude of magnitudes) {
    error += (Math.round(Math.min(magnitude, limit) / step) * step - magnitude) ** 2;
  }
  return error;
}
