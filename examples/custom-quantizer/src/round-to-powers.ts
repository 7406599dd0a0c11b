import type { Parameter, QuantizedTensor } from "@blora/spec";
import { ops, roundStraightThrough, type Tensor, withGradient } from "@blora/tensor";

/** ln α of each vector, [N]: α is its largest magnitude, and never 0. */
export function largestMagnitudes({ values, vectors }: QuantizedTensor): Parameter {
  const K = values.length / vectors;
  const ranges = Float32Array.from({ length: vectors }, (_, vector) => {
    const own = values.subarray(vector * K, (vector + 1) * K);
    return Math.log(own.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-8));
  });
  return { shape: [vectors], values: ranges, group: "ranges" };
}

/** x [N, K] rounded to 0 and ±α·2^-k of `bits` bits, one of them the sign, so that a product is a shift. Negative values count as 0 unless signed. */
export function roundToPowers(x: Tensor, logRange: Tensor, bits: number, signed: boolean): Tensor {
  const levels = 2 ** (bits - 1) - 1;
  const round = withGradient((input: Tensor, logRanges: Tensor) => {
    const log = ops.reshape(logRanges, [-1, 1]);
    const size = ops.div(ops.abs(input), ops.exp(log)); // |x|/α
    const exponent = roundStraightThrough(ops.div(ops.log(ops.add(size, 1e-30)), Math.LN2));
    const power = ops.exp(ops.add(ops.mul(ops.clipByValue(exponent, 1 - levels, 0), Math.LN2), log));
    const nearest = ops.where(ops.greater(size, 2 ** (0.5 - levels)), power, ops.zerosLike(power));
    const value = ops.where(ops.greater(input, 0), nearest, ops.neg(nearest));
    const inside = ops.cast(ops.less(size, 1), "float32");
    const gradient = (dy: Tensor, [kept, mask, rounded]: readonly Tensor[]): Tensor[] => [
      ops.mul(dy, mask!),
      ops.sum(ops.mul(dy, ops.sub(rounded!, ops.mul(kept!, mask!))), 1), // by ln α
    ];
    return { value, saved: [input, inside, value], gradient };
  });
  return round(signed ? x : ops.relu(x), logRange);
}
