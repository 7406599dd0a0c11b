import { nestedProduct, ops, type Tensor } from "@blora/tensor";

export interface ReferencePenaltyInputs {
  /** Probabilities of the gates for 4, 8, 16, 32 bits, in this order, [G]. */
  readonly gates: Tensor;
  /** Probabilities of one pruning gate per output channel, [C]. Absent: nothing is pruned. */
  readonly pruning?: Tensor;
  /** `const` weighs every term by 1, `bop` by b · `macRatio`. */
  readonly form: "const" | "bop";
  /** Multiply-accumulates of the quantizer over the largest of any layer, for `bop`. Default 1. */
  readonly macRatio?: number;
}

/**
 * The complexity term R_k of the Bayesian Bits reference code, a scalar:
 * mean_c q_2c · (w_2 + w_4 q_4 + w_8 q_4 q_8 + …).
 *
 * For comparison with published runs. Its `bop` weights sum to 62, so it is not
 * an expected width: `Quantizer.expectedBits` is.
 */
export function referencePenalty({ gates, pruning, form, macRatio = 1 }: ReferencePenaltyInputs): Tensor {
  const open = nestedProduct(gates); // [G + 1]
  const weights = Array.from({ length: open.shape[0]! }, (_, index) => 2 ** (index + 1) * macRatio);
  const total = ops.sum(form === "const" ? open : ops.mul(open, ops.tensor(weights)));
  return pruning === undefined ? total : ops.mul(total, ops.mean(pruning));
}
