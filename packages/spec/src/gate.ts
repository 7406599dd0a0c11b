import type { Tensor } from "@blora/tensor";

/**
 * A relaxed Bernoulli gate z ∈ [0, 1] with one trainable logit φ.
 *
 * Every member is elementwise over any shape of logits, and does not fall as a
 * logit rises.
 */
export interface Gate {
  /** φ a gate starts from where nothing is known of what it opens. */
  readonly initialLogit: number;
  /** Reparameterized sample from uniform noise u ∈ (0, 1), entry by entry: both have one shape, any. Used in training. */
  sample(logits: Tensor, uniform: Tensor): Tensor;
  /** P(z > 0), the probability an expected cost counts. */
  probabilityOn(logits: Tensor): Tensor;
  /** The gate of evaluation, exactly 0 or 1; carries no gradient. */
  decide(logits: Tensor): Tensor;
}
