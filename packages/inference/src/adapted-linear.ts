import type { Linear } from "@blora/spec";
import { frozenLinear, ops, type Tensor } from "@blora/tensor";

/** The low-rank update of each adapted site: A [R, I] and B [O, R], any scale folded into B. */
export type TracedUpdates = ReadonlyMap<string, { readonly A: Tensor; readonly B: Tensor }>;

/**
 * The network's linear maps, x·Wᵀ + b + (x·Aᵀ)·Bᵀ at adapted sites. The update
 * stays in factors: a merged matrix per adapter would cost as much as the base.
 *
 * @param lookup a weight or bias by its name; undefined where the map has no bias
 */
export function adaptedLinear(lookup: (name: string) => Tensor | undefined, updates: TracedUpdates): Linear {
  return (path, x) => {
    const y = frozenLinear(x, lookup(`${path}.weight`)!, lookup(`${path}.bias`));
    const update = updates.get(path);
    if (update === undefined) return y;
    return ops.add(y, ops.matMul(ops.matMul(x, update.A, false, true), update.B, false, true));
  };
}
