import type { BaseLinear } from "@blora/spec";
import { frozenLinear, linear, lowRankLinear, type Tensor } from "@blora/tensor";

/** The frozen linear map under an adapter. */
export function baseLinear(weight: Tensor, bias: Tensor | undefined): BaseLinear {
  return {
    weight,
    apply: (x, replaced) => (replaced === undefined ? frozenLinear(x, weight, bias) : linear(x, replaced, bias)),
    applyLowRank: (x, A, B) => lowRankLinear(x, weight, bias, A, B),
  };
}
