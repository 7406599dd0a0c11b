import type { BaseLinear, LinearSite } from "@blora/spec";
import { frozenLinear, linear, lowRankLinear, ops } from "@blora/tensor";

/** A frozen linear map without bias over host values W0 [O, I]. */
export function createBase({ inFeatures, outFeatures }: LinearSite, weight: ArrayLike<number>): BaseLinear {
  const W0 = ops.tensor(Float32Array.from(weight), [outFeatures, inFeatures]);
  return {
    weight: W0,
    apply: (x, other) => (other === undefined ? frozenLinear(x, W0) : linear(x, other)),
    applyLowRank: (x, A, B) => lowRankLinear(x, W0, undefined, A, B),
  };
}
