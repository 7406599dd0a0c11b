import { clipByValue, div, exp, log, matMul, mul, relu, reshape, sub, sum, tensor } from "@tensorflow/tfjs-core";
import { withGradient } from "./autodiff.ts";
import type { Tensor } from "./types.ts";

/** Stands for a gate of 0, whose logarithm is infinite. Two of them still multiply to something a float32 holds. */
const CLOSED = 1e-19;

/** Products up to here contain a closed gate. */
const OPEN_ABOVE = 1e-18;

/**
 * Running products of a chain whose first component is always on: gates
 * [..., R-1] in [0, 1] to [..., R] with g_1 = 1 and g_i = Π_{j=2..i} gates_j.
 *
 * The exponential of summed logarithms: as many graph nodes for 64 gates as
 * for two, where a loop would make a hundred. Gates of exactly 0 and 1 give
 * exactly 0 and 1, and the gradient by a gate of 0 is that of the product.
 */
export function nestedProduct(gates: Tensor): Tensor {
  if (gates.shape.length === 2) return runningProducts(gates);
  const gateCount = gates.shape[gates.shape.length - 1]!;
  const rows = reshape(gates, [-1, gateCount]);
  return reshape(runningProducts(rows), [...gates.shape.slice(0, -1), gateCount + 1]);
}

/** [N, R-1] to [N, R] */
const runningProducts: (gates: Tensor) => Tensor = withGradient((gates: Tensor) => {
  const below = strictlyBelow(gates.shape[1]!);
  const positive = clipByValue(gates, CLOSED, 1);
  const products = exp(matMul(log(positive), below));
  return {
    value: relu(sub(products, OPEN_ABOVE)),
    saved: [products, positive, below],
    // Products that hold a closed gate are small but not 0, and dividing by that gate leaves the rest.
    gradient: (dy, [p, v, chain]) => [div(matMul(mul(dy, p!), chain!, false, true), v!)],
  };
});

/** [G, G + 1] with 1 where gate j is among those before component i: sums logarithms along the chain. */
function strictlyBelow(gateCount: number): Tensor {
  const components = gateCount + 1;
  const entries = Array.from({ length: gateCount * components }, (_, index) => {
    const gate = Math.floor(index / components);
    return index % components > gate ? 1 : 0;
  });
  return tensor(entries, [gateCount, components]);
}

/**
 * Expected value of what chains of independent gates open: `values`
 * [v_1 … v_R] is what 1 … R open components amount to, `probabilities`
 * [..., R-1] those of the gates. v_1 + Σ_{i≥2} (v_i − v_{i−1}) Π_{j=2..i} q_j, [...].
 */
export function nestedExpectation(probabilities: Tensor, values: readonly number[]): Tensor {
  const increments = values.map((value, index) => value - (values[index - 1] ?? 0));
  return sum(mul(nestedProduct(probabilities), tensor(increments)), -1);
}

/** Expected number of open components, r̄ = 1 + Σ_{i=2..R} Π_{j=2..i} q_j, for gate probabilities. */
export function expectedOpen(probabilities: Tensor): Tensor {
  return sum(runningProducts(reshape(probabilities, [1, -1])));
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
