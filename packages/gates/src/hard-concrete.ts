import { definePlugin, type Gate, type Plugin } from "@blora/spec";
import { ops, type Tensor, withGradient } from "@blora/tensor";
import { z } from "zod";
import { hardGate, logisticNoise } from "./relaxed.ts";

export interface HardConcreteOptions {
  /** β: how smooth the relaxation is. Default 2/3. */
  readonly temperature?: number | undefined;
  /** (γ, ζ) with γ < 0 and ζ > 1: the interval samples are stretched to before they are clipped to [0, 1]. Default (-0.1, 1.1). */
  readonly stretch?: readonly [number, number] | undefined;
  /** A gate is off in evaluation where P(z = 0) reaches this. Default 0.34. */
  readonly threshold?: number | undefined;
  /** φ every gate starts from. Default 6: open with probability 0.9995. */
  readonly initialLogit?: number | undefined;
}

const optionsSchema = z
  .strictObject({
    temperature: z.number().positive().optional(),
    stretch: z
      .tuple([z.number().negative(), z.number().gt(1)])
      .readonly()
      .optional(),
    threshold: z.number().gt(0).lt(1).optional(),
    initialLogit: z.number().optional(),
  })
  .optional();

/**
 * The hard concrete gate of Louizos et al. (2018, equations 10 to 12): a
 * logistic sample stretched past [0, 1] and clipped, so that exact zeros and
 * ones have positive probability and yet φ has a gradient between them.
 *
 * P(z > 0) = σ(φ - β·ln(-γ/ζ)).
 *
 * @throws InvalidInputError for options out of range.
 */
export const hardConcrete: Plugin<"gate", "hard-concrete", HardConcreteOptions | undefined, Gate> = definePlugin({
  kind: "gate",
  id: "hard-concrete",
  packageName: "@blora/gates",
  optionsSchema,
  create: (options = {}) => {
    const { temperature = 2 / 3, stretch = [-0.1, 1.1], threshold = 0.34, initialLogit = 6 } = options;
    const [low, high] = stretch;
    const zeroLogit = temperature * Math.log(-low / high); // κ: P(z = 0) = σ(κ - φ)
    return {
      initialLogit,
      ...hardGate({ threshold, zeroLogit }),
      sample: (logits: Tensor, uniform: Tensor): Tensor => {
        const noise = logisticNoise(uniform);
        return withGradient((shifted: Tensor) => {
          const relaxed = ops.sigmoid(ops.mul(ops.add(shifted, noise), 1 / temperature)); // s
          const stretched = ops.add(ops.mul(relaxed, high - low), low);
          const value = ops.clipByValue(stretched, 0, 1);
          return {
            value,
            saved: [relaxed, stretched, value],
            gradient: (dy, [s, reached, z]) => [
              stretchedGradient(dy, s!, ops.equal(reached!, z!), (high - low) / temperature),
            ],
          };
        })(logits);
      },
    };
  },
});

/** dy · (ζ - γ)/β · s(1 - s) where the sample was not clipped, in half the nodes that automatic differentiation takes. */
function stretchedGradient(dy: Tensor, s: Tensor, unclipped: Tensor, slope: number): Tensor {
  const density = ops.mul(ops.mul(s, ops.sub(1, s)), slope);
  return ops.mul(ops.mul(dy, density), ops.cast(unclipped, "float32"));
}
