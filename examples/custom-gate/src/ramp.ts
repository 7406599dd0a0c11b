import { definePlugin, type Gate, type Plugin } from "@blora/spec";
import { ops, type Tensor, withGradient } from "@blora/tensor";
import { z } from "zod";

export interface RampOptions {
  /** τ, over 0 to 1: how wide the ramp is where samples lie between 0 and 1, and φ has a gradient. Default 0.5. */
  readonly slope?: number | undefined;
  /** φ a gate starts from. Default 3: open with probability 0.95. */
  readonly initialLogit?: number | undefined;
}

const optionsSchema = z
  .strictObject({ slope: z.number().gt(0).max(1).optional(), initialLogit: z.number().optional() })
  .optional();

/**
 * A gate that needs no logistic noise: with p = σ(φ), u uniform and w = τp(1 - p),
 *
 *     z = clip((p - u)/w, 0, 1).
 *
 * It is open where u < p, so P(z > 0) = p exactly. Open samples are 1 but on a
 * ramp of length w, which is longest where the gate is undecided; the gradient
 * there is ∂z/∂φ = (1 - τz(1 - 2p))/τ, never above 2/τ.
 *
 * @throws InvalidInputError for a slope out of range.
 */
export const ramp: Plugin<"gate", "ramp", RampOptions | undefined, Gate> = definePlugin({
  kind: "gate",
  id: "ramp",
  optionsSchema,
  create: ({ slope = 0.5, initialLogit = 3 }: RampOptions = {}): Gate => ({
    initialLogit,
    sample: (logits, uniform) => sampleRamp(logits, uniform, slope),
    probabilityOn: ops.sigmoid,
    decide: ops.step,
  }),
});

function sampleRamp(logits: Tensor, uniform: Tensor, slope: number): Tensor {
  const sample = withGradient((phi: Tensor) => {
    const p = ops.sigmoid(phi);
    const width = ops.mul(ops.mul(p, ops.sub(1, p)), slope);
    const height = ops.div(ops.sub(p, uniform), width);
    const z = ops.clipByValue(height, 0, 1);
    return {
      value: z,
      saved: [p, z, ops.cast(ops.equal(height, z), "float32")],
      gradient: (dy, [probability, value, onRamp]) => {
        const tilt = ops.mul(value!, ops.sub(1, ops.mul(probability!, 2)));
        return [ops.mul(dy, ops.mul(ops.sub(1 / slope, tilt), onRamp!))];
      },
    };
  });
  return sample(logits);
}
