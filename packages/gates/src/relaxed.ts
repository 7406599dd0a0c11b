import type { Gate } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";

interface Relaxation {
  /** Largest probability of a closed gate that still counts as open. */
  readonly threshold: number;
  /** κ, where P(closed) = σ(κ - φ). */
  readonly zeroLogit: number;
}

/** ln u - ln(1 - u): a standard logistic sample from u ∈ (0, 1). */
export function logisticNoise(uniform: Tensor): Tensor {
  return ops.log(ops.div(uniform, ops.sub(1, uniform)));
}

/** The members of a gate that follow from the probability of it being closed. */
export function hardGate({ threshold, zeroLogit }: Relaxation): Pick<Gate, "probabilityOn" | "decide"> {
  // φ*, rounded to float32 so that every engine compares with the same number.
  const openAbove = Math.fround(zeroLogit - Math.log(threshold / (1 - threshold)));
  return {
    decide: (logits) => ops.step(ops.sub(logits, openAbove)),
    probabilityOn: (logits) => ops.sigmoid(ops.sub(logits, zeroLogit)),
  };
}
