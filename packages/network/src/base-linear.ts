import type { BaseLinear } from "@blora/spec";
import { frozenLinear, linear, linearWithUpdate, lowRankLinear, type Tensor } from "@blora/tensor";

/** The frozen linear map under an adapter. */
export function baseLinear(weight: Tensor, bias: Tensor | undefined): BaseLinear {
  return {
    weight,
    apply(x, replaced, update) {
      if (update !== undefined) return linearWithUpdate(x, replaced ?? weight, bias, update.h, update.B);
      return replaced === undefined ? frozenLinear(x, weight, bias) : linear(x, replaced, bias);
    },
    applyLowRank: (x, A, B) => lowRankLinear(x, weight, bias, A, B),
  };
}
