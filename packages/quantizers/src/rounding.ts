import { type EncodedValues, FLOAT_BITS, type QuantizedTensor } from "@blora/spec";
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
import { EDGE } from "./grid.ts";

/** Distance between the levels of `bits` bits over [-1, 1] (signed) or [0, 1]: (α - x_min)/(2^b - 1) for α = 1. */
export function stepSize(bits: number, signed: boolean): number {
  return (signed ? 2 : 1) / (2 ** bits - 1);
}

/**
 * x [N, K] rounded to evenly spaced levels over [-α, α] or [0, α], half to even,
 * with the gradients of PACT (Choi et al. 2018) by x, 1 inside the range and 0
 * outside, and by ln α, Σ dy·(x_q - x·inside) of each vector.
 *
 * @param logRange ln α [N]: α stays positive and optimizer steps are relative
 * @param step `stepSize` of each vector [N, 1], or a number for all
 * @param bits of every vector, where they are settled and the same
 */
export function roundToSteps(
  x: Tensor,
  logRange: Tensor,
  step: Tensor | number,
  signed: boolean,
  bits?: number,
): Tensor {
  const quantize = withGradient((input: Tensor, log: Tensor) => {
    const range = ops.reshape(ops.exp(log), [-1, 1]);
    const { value, clipped } = clipAndRound(input, ops.mul(range, step), ops.mul(range, EDGE), signed, bits);
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

/** `clippedRounding` with a step and a limit [N, 1] for each vector; its fused form, for large tensors, has one of each. */
function clipAndRound(
  x: Tensor,
  step: Tensor,
  limit: Tensor,
  signed: boolean,
  bits: number | undefined,
): ReturnType<typeof clippedRounding> {
  if (x.shape[0] === 1) return clippedRounding(x, ops.reshape(step, []), ops.reshape(limit, []), signed, bits);
  const clipped = ops.minimum(ops.maximum(x, ops.mul(limit, signed ? -1 : ABOVE_ZERO)), limit);
  return { value: ops.mul(roundStraightThrough(ops.div(clipped, step)), step), clipped };
}

/**
 * Σ_l shares_l · (x rounded to widths_l bits): the Bayesian Bits decomposition,
 * since the residual that a gate opens is the difference of roundings at
 * neighbouring widths.
 *
 * @param x [N, K]
 * @param logRange ln α [N]
 * @param shares [N, L], rows that sum to 1
 */
export function roundToMixture(
  x: Tensor,
  logRange: Tensor,
  shares: Tensor,
  widths: readonly number[],
  signed: boolean,
): Tensor {
  const [N, K] = x.shape as [number, number];
  const L = widths.length;
  const steps = widths.map((bits) => stepSize(bits, signed));
  const quantize = withGradient((input: Tensor, log: Tensor, mix: Tensor) => {
    const range = ops.reshape(ops.exp(log), [N, 1]);
    const scaled = ops.div(input, range);
    const clipped = ops.clipByValue(scaled, signed ? -EDGE : ABOVE_ZERO, EDGE);
    const perStep = ops.tensor(
      steps.map((step) => 1 / step),
      [1, L, 1],
    );
    const codes = roundStraightThrough(ops.mul(ops.reshape(clipped, [N, 1, K]), perStep)); // [N, L, K]
    const sizes = ops.mul(range, ops.tensor(steps, [1, L])); // [N, L]
    const weights = ops.reshape(ops.mul(mix, sizes), [N, 1, L]);
    const value = ops.reshape(ops.matMul(weights, codes), [N, K]);
    return {
      value,
      saved: [input, scaled, clipped, value, codes, sizes],
      gradient: (dy, [kept, ratio, bounded, quantized, rounded, scales]) => [
        passInside(dy, ratio!, bounded!),
        rangeGradient(dy, quantized!, passInside(kept!, ratio!, bounded!)),
        ops.mul(ops.reshape(ops.matMul(rounded!, ops.reshape(dy, [N, K, 1])), [N, L]), scales!),
      ],
    };
  });
  return quantize(x, logRange, shares);
}

/** The codes of `roundToSteps` and their scales: it returns their products. Undefined where a vector stays in floating point. */
export function encodeInRange(
  { values, vectors: N, signed }: QuantizedTensor,
  logRange: Float32Array,
  bits: readonly number[],
): EncodedValues | undefined {
  if (bits.includes(FLOAT_BITS)) return undefined;
  const K = values.length / N;
  const steps = bits.map((width) => stepSize(width, signed));
  const ofVectors = (): Tensor => ops.tensor(steps, [N, 1]);
  const scales = evaluateOnHost(() => ops.mul(ops.reshape(ops.exp(ops.tensor(logRange)), [N, 1]), ofVectors()));
  const rounded = evaluateOnHost(() =>
    roundToSteps(ops.tensor(values, [N, K]), ops.tensor(logRange), ofVectors(), signed),
  );
  const codes = new Int32Array(rounded.map((value, index) => Math.round(value / scales[Math.floor(index / K)]!)));
  return { codes, bits, signed, offset: 0, scales };
}

/** The gradient by ln α [N]: α·∂/∂α = x_q - x·inside by Euler's identity, for x_q is homogeneous in (x, α). */
function rangeGradient(dy: Tensor, quantized: Tensor, inside: Tensor): Tensor {
  return ops.sum(ops.mul(dy, ops.sub(quantized, inside)), 1);
}
