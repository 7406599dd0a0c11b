import { clipByValue, div, exp, log, matMul, mul, relu, reshape, sub, tensor } from "@tensorflow/tfjs-core";
import { withGradient } from "./autodiff.ts";
import { detached } from "./sampled-gradient.ts";
import type { Shape, Tensor } from "./types.ts";

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
 * The share of each length of a chain: gates [N, G] to [N, G + 1], where the share of
 * i open gates is p_i - p_{i+1}, p being the running products. Rows sum to 1.
 */
export function nestedShares(gates: Tensor): Tensor {
  const products = nestedProduct(gates);
  return matMul(products, neighbourDifferences(products.shape[1]!));
}

/** [L, L] with 1 on the diagonal and -1 below it: p [N, L] times it is p_i - p_{i+1}, in one node of a graph. */
function neighbourDifferences(L: number): Tensor {
  const entries = Array.from({ length: L * L }, (_, index) => {
    const row = Math.floor(index / L);
    const column = index % L;
    return row === column ? 1 : row === column + 1 ? -1 : 0;
  });
  return tensor(entries, [L, L]);
}

/** What a chain asks of a gate: a `Gate` of `@blora/spec`. */
export interface ChainGate {
  readonly initialLogit: number;
  sample(logits: Tensor, uniform: Tensor): Tensor;
  probabilityOn(logits: Tensor): Tensor;
  decide(logits: Tensor): Tensor;
}

/** Levels behind a chain: `WidthGates` of `@blora/spec`. */
export interface NestedChain {
  readonly count: number;
  init(units: number, worth?: readonly (readonly number[])[]): Float32Array;
  shares(logits: Tensor, mode: "drawn" | "likely" | "decided", uniform: (shape: Shape) => Tensor): Tensor;
}

/**
 * Levels behind a chain of gates: each gate opens the next level, and counts
 * only where all before it are open (van Baalen et al. 2020, equation 6). With
 * p_i = Π_{j≤i} z_j the share of level i is p_i - p_{i+1}.
 *
 * @param levels how many levels there are, at least 1; the chain has one gate less
 */
export function nestedChain(gate: ChainGate, levels: number): NestedChain {
  const count = levels - 1;
  return {
    count,
    init: (units, worth) =>
      worth === undefined
        ? new Float32Array(units * count).fill(gate.initialLogit)
        : Float32Array.from(worth.flatMap((unit) => [...unit])),
    shares: (logits, mode, uniform) => {
      const [gates] = logits.shape.slice(-1);
      if (gates !== count) throw new RangeError(`Expected ${count} gates for ${levels} levels, found ${gates}.`);
      if (mode === "decided") return nestedShares(gate.decide(detached(logits)));
      return nestedShares(mode === "likely" ? gate.probabilityOn(logits) : gate.sample(logits, uniform(logits.shape)));
    },
  };
}
