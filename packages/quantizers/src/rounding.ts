import type { EncodedValues } from "@blora/spec";
import {
  ABOVE_ZERO,
  clippedRounding,
  evaluateOnHost,
  ops,
  passInside,
  roundStraightThrough,
  type Tensor,
  withGradient,
} from "@blora/tensor";

/**
 * Values are clipped just inside ±α. At α itself x/s is half-way between two
 * levels, and rounding half to even would reach a level outside the range. The
 * margin covers what float32 adds to x/s at 16 bits.
 */
const EDGE = 1 - 2 ** -20;

/** Distance between the levels of `bits` bits over [-1, 1] (signed) or [0, 1]: (α - x_min)/(2^b - 1) for α = 1. */
export function stepSize(bits: number, signed: boolean): number {
  return (signed ? 2 : 1) / (2 ** bits - 1);
}

/**
 * x rounded to 2^b levels over [-α, α] or [0, α], half to even, with the
 * straight-through gradient by x and the gradient of a learned range: by x, 1
 * inside the range and 0 outside; by ln α, Σ dy·(x_q - x·inside).
 *
 * @param logRange ln α, a scalar: α stays positive and optimizer steps are relative.
 */
export function roundToBits(x: Tensor, logRange: Tensor, bits: number, signed: boolean): Tensor {
  const quantize = withGradient((input: Tensor, log: Tensor) => {
    const range = ops.exp(log);
    const { value, clipped } = clippedRounding(
      input,
      ops.mul(range, stepSize(bits, signed)),
      ops.mul(range, EDGE),
      signed,
    );
    return {
      value,
      saved: [input, clipped, value],
      gradient: (dy, [kept, bounded, quantized]) => [
        passInside(dy, kept!, bounded!),
        rangeGradient(dy, quantized!, passInside(kept!, kept!, bounded!)),
      ],
    };
  });
  return quantize(x, logRange);
}

/** The codes of `roundToBits` and their scale: it returns their product. */
export function encodeToBits(values: Float32Array, logRange: number, bits: number, signed: boolean): EncodedValues {
  const [scale] = evaluateOnHost(() => ops.mul(ops.exp(ops.scalar(logRange)), stepSize(bits, signed)));
  const rounded = evaluateOnHost(() =>
    roundToBits(ops.tensor(values, [values.length]), ops.scalar(logRange), bits, signed),
  );
  return { codes: Int32Array.from(rounded, (value) => Math.round(value / scale!)), scale: scale!, bits, signed };
}

/**
 * Σ_b weights_b · (x rounded to b bits) for several widths at once: the
 * Bayesian Bits decomposition, since the residual that gate b opens is the
 * difference of roundings at neighbouring widths.
 *
 * @param weights [1, L], one for each width; they sum to 1.
 */
export function roundToMixture(
  x: Tensor,
  logRange: Tensor,
  weights: Tensor,
  widths: readonly number[],
  signed: boolean,
): Tensor {
  const steps = widths.map((bits) => stepSize(bits, signed));
  const column = (values: number[]): Tensor => ops.tensor(values, [values.length, 1]);
  const quantize = withGradient((input: Tensor, log: Tensor, mix: Tensor) => {
    const range = ops.exp(log);
    const scaled = ops.div(input, range);
    const clipped = ops.clipByValue(scaled, signed ? -EDGE : ABOVE_ZERO, EDGE);
    const row = ops.reshape(clipped, [1, -1]); // [1, N]
    const codes = roundStraightThrough(ops.mul(row, column(steps.map((step) => 1 / step)))); // [L, N]
    const sizes = ops.mul(range, ops.tensor(steps, [1, steps.length])); // [1, L]
    const value = ops.reshape(ops.matMul(ops.mul(mix, sizes), codes), input.shape);
    return {
      value,
      saved: [input, scaled, clipped, value, codes, sizes],
      gradient: (dy, [kept, ratio, bounded, quantized, rounded, scales]) => [
        passInside(dy, ratio!, bounded!),
        rangeGradient(dy, quantized!, passInside(kept!, ratio!, bounded!)),
        ops.mul(ops.matMul(ops.reshape(dy, [1, -1]), rounded!, false, true), scales!),
      ],
    };
  });
  return quantize(x, logRange, weights);
}

/**
 * `roundToBits` at a width that the graph alone knows by its step, and
 * differentiable by x alone.
 *
 * @param step scalar, `stepSize` of the width
 */
export function roundToStep(x: Tensor, logRange: Tensor, step: Tensor, signed: boolean): Tensor {
  return withGradient((input: Tensor) => {
    const range = ops.exp(logRange);
    const { value, clipped } = clippedRounding(input, ops.mul(range, step), ops.mul(range, EDGE), signed);
    return { value, saved: [clipped], gradient: (dy, [bounded]) => [passInside(dy, input, bounded!)] };
  })(x);
}

/** The gradient by ln α: α·∂/∂α = x_q - x·inside by Euler's identity, for x_q is homogeneous in (x, α). */
function rangeGradient(dy: Tensor, quantized: Tensor, inside: Tensor): Tensor {
  return ops.sum(ops.mul(dy, ops.sub(quantized, inside)));
}
