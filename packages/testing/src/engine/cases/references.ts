import { elementwise, type Float64Tensor, reduce, total } from "../float64.ts";
import { errorFunction } from "./error-function.ts";

/** x·Φ(x) */
export function geluFormula(x: number): number {
  return (x / 2) * (1 + errorFunction(x * Math.SQRT1_2));
}

/** Softmax over the last axis. */
export function softmaxReference(logits: Float64Tensor): Float64Tensor {
  const largest = reduce(logits, (row) => Math.max(...row), [-1], true);
  const exponentials = elementwise((x, m) => Math.exp(x - m), logits, largest);
  return elementwise((e, sum) => e / sum, exponentials, reduce(exponentials, total, [-1], true));
}

/** Layer normalization over the last axis. */
export function layerNormReference(
  x: Float64Tensor,
  scale: Float64Tensor,
  shift: Float64Tensor,
  epsilon: number,
): Float64Tensor {
  const average = (elements: readonly number[]) => total(elements) / elements.length;
  const centred = elementwise((x, mean) => x - mean, x, reduce(x, average, [-1], true));
  const squares = elementwise((c) => c * c, centred);
  const variance = reduce(squares, average, [-1], true);
  return elementwise((c, v, a, b) => (a * c) / Math.sqrt(v + epsilon) + b, centred, variance, scale, shift);
}
