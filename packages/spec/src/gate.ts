import type { Tensor } from "@blora/tensor";

/**
 * A relaxed Bernoulli gate z ∈ [0, 1] with one trainable logit φ.
 *
 * Every tensor function is elementwise over any shape of logits. `isOn` and
 * `mode` are the same decision on the host and in a graph.
 */
export interface Gate {
  /** φ every gate starts from. */
  readonly initialLogit: number;
  /** φ above which the gate is on in evaluation. */
  readonly threshold: number;
  /** Reparameterized sample from uniform noise u ∈ (0, 1), entry by entry: both have one shape, any. Used in training. */
  sample(logits: Tensor, uniform: Tensor): Tensor;
  /** The evaluation gate, exactly 0 or 1; carries no gradient. */
  mode(logits: Tensor): Tensor;
  /** P(z > 0), the probability the penalty prices. */
  probabilityOn(logits: Tensor): Tensor;
  /** `mode` for one logit on the host. */
  isOn(logit: number): boolean;
}
