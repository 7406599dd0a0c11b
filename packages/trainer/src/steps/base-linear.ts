import type { BaseLinear, TracedAdapter } from "@blora/spec";
import { frozenLinear, linear, lowRankLinear, type Tensor } from "@blora/tensor";

/** Called at each adapted site with its input. */
export type SiteVisitor = (adapter: TracedAdapter, x: Tensor, base: BaseLinear) => void;

/** The frozen linear map under an adapter. */
export function baseLinear(weight: Tensor, bias: Tensor | undefined): BaseLinear {
  return {
    weight,
    apply: (x, replaced) => (replaced === undefined ? frozenLinear(x, weight, bias) : linear(x, replaced, bias)),
    applyLowRank: (x, A, B) => lowRankLinear(x, weight, bias, A, B),
  };
}
