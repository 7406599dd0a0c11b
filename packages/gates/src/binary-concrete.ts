import { definePlugin, type Gate, type Plugin } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";
import { z } from "zod";
import { hardGate, logisticNoise } from "./relaxed.ts";

export interface BinaryConcreteOptions {
  /** β: how smooth the relaxation is. Default 2/3. */
  readonly temperature?: number | undefined;
  /** A gate is off in evaluation where the probability of a closed sample, σ(-φ), reaches this. Default 0.5. */
  readonly threshold?: number | undefined;
  /** φ every gate starts from. Default 6: open with probability 0.9975. */
  readonly initialLogit?: number | undefined;
}

const optionsSchema = z
  .strictObject({
    temperature: z.number().positive().optional(),
    threshold: z.number().gt(0).lt(1).optional(),
    initialLogit: z.number().optional(),
  })
  .optional();

/**
 * The binary concrete gate of Maddison et al. (2017): a logistic sample squashed
 * to (0, 1). It is never exactly 0 or 1, so every sample has a gradient; it
 * counts as open above 1/2, which happens with probability σ(φ).
 *
 * @throws InvalidInputError for options out of range.
 */
export const binaryConcrete: Plugin<"gate", "binary-concrete", BinaryConcreteOptions | undefined, Gate> = definePlugin({
  kind: "gate",
  id: "binary-concrete",
  packageName: "@blora/gates",
  optionsSchema,
  create: ({ temperature = 2 / 3, threshold = 0.5, initialLogit = 6 }: BinaryConcreteOptions = {}) => ({
    initialLogit,
    ...hardGate({ threshold, zeroLogit: 0 }),
    sample: (logits: Tensor, uniform: Tensor): Tensor =>
      ops.sigmoid(ops.mul(ops.add(logits, logisticNoise(uniform)), 1 / temperature)),
  }),
});
