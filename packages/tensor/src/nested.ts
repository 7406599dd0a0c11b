import { mul, pad, slice, sub, sum, tensor } from "@tensorflow/tfjs-core";
import type { Tensor } from "./types.ts";

/**
 * Running products of a chain whose first component is always on: gates
 * [..., R-1] to [..., R] with g_1 = 1 and g_i = Π_{j=2..i} gates_j.
 *
 * Doubling scan of ⌈log₂ R⌉ products. Nothing is divided, so gates of exactly
 * 0 have exact gradients, unlike those of a cumulative product by logarithms.
 */
export function nestedProduct(gates: Tensor): Tensor {
  const components = gates.shape[gates.shape.length - 1]! + 1;
  let products = padFront(gates, 1); // [..., R]
  for (let distance = 1; distance < components; distance *= 2) {
    const begin = products.shape.map(() => 0);
    const size = products.shape.map((length, axis) => (axis === gates.shape.length - 1 ? length - distance : length));
    products = mul(products, padFront(slice(products, begin, size), distance));
  }
  return products;
}

/** Puts `count` ones before the last axis. */
function padFront(x: Tensor, count: number): Tensor {
  const paddings = x.shape.map((_, axis): [number, number] => (axis === x.shape.length - 1 ? [count, 0] : [0, 0]));
  return pad(x, paddings, 1);
}

/**
 * Expected value of what a chain of independent gates opens: `values`
 * [v_1 … v_R] is what 1 … R open components amount to, `probabilities`
 * those of the gates. v_1 + Σ_{i≥2} (v_i − v_{i−1}) Π_{j=2..i} q_j, a scalar.
 */
export function nestedExpectation(probabilities: Tensor, values: readonly number[]): Tensor {
  const increments = values.map((value, index) => value - (values[index - 1] ?? 0));
  return sum(mul(nestedProduct(probabilities), tensor(increments)));
}

/** Expected number of open components, r̄ = 1 + Σ_{i=2..R} Π_{j=2..i} q_j, for gate probabilities. */
export function expectedOpen(probabilities: Tensor): Tensor {
  return sum(nestedProduct(probabilities));
}

/** Surrogate of the divergence from a geometric prior on the rank, Σ_{i=2..R} Π_{j=2..i} q_j. */
export function nestedPenalty(probabilities: Tensor): Tensor {
  return sub(expectedOpen(probabilities), 1);
}

/** Open components with hard gates: 1 + the gates before the first closed one. */
export function nestedRank(logits: ArrayLike<number>, gate: { isOn(logit: number): boolean }): number {
  let open = 0;
  while (open < logits.length && gate.isOn(logits[open]!)) open++;
  return 1 + open;
}
