import type { AdapterWeights, BoundNetwork } from "@blora/inference";
import type { LowRankUpdate } from "@blora/spec";
import type { Shape } from "@blora/tensor";

/** A tensor of the exported graph, read when it is written: never all of them at once. */
export interface Weight {
  readonly shape: Shape;
  /** Row-major float32 values. */
  read(): Float32Array;
  /** Whether it may be stored rounded: weights of the base, not of the head. */
  readonly isBase: boolean;
}

/** W0 + B·A, row-major [O, I], summed in float64. */
function mergedWeight(weight: Float32Array, { rank, A, B }: LowRankUpdate): Float32Array {
  const I = A.length / rank;
  return weight.map((value, index) => {
    const row = Math.floor(index / I);
    let sum = value;
    for (let component = 0; component < rank; component++)
      sum += B[row * rank + component]! * A[component * I + (index % I)]!;
    return sum;
  });
}

/** Names of the factors of an update kept beside its weight. */
export const factorNames = (path: string): { A: string; B: string } => ({
  A: `${path}.lora_A.weight`,
  B: `${path}.lora_B.weight`,
});

/**
 * Every weight the graph may use. Merged updates are added to their weights as
 * those are read; others are weights of their own.
 */
export function collectWeights(
  bound: BoundNetwork,
  { updates }: AdapterWeights,
  merge: boolean,
): ReadonlyMap<string, Weight> {
  const weights = new Map<string, Weight>();
  for (const [name, { shape }] of bound.frozen) {
    const update = merge && name.endsWith(".weight") ? updates.get(name.slice(0, -".weight".length)) : undefined;
    const read = () => (update === undefined ? bound.read(name) : mergedWeight(bound.read(name), update));
    weights.set(name, { shape, read, isBase: true });
  }
  for (const [name, { shape, values }] of Object.entries(bound.head))
    weights.set(name, { shape, read: () => values, isBase: false });
  if (merge) return weights;
  for (const [path, { rank, A, B }] of updates) {
    const names = factorNames(path);
    weights.set(names.A, { shape: [rank, A.length / rank], read: () => A, isBase: false });
    weights.set(names.B, { shape: [B.length / rank, rank], read: () => B, isBase: false });
  }
  return weights;
}
