import { z } from "zod";

/** Positions stretched alike. */
interface LinearScaling {
  readonly factor: number;
}

/** Positions stretched where a wave is long against the length the model was trained on. */
interface Llama3Scaling extends LinearScaling {
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  /** That length, in tokens. */
  readonly original_max_position_embeddings: number;
}

/** How rotary positions are stretched, if at all. */
export type RotaryScaling = LinearScaling | Llama3Scaling | Readonly<Record<never, never>>;

const factor = z.number().min(1).max(1e6);
const llama3 = {
  factor,
  low_freq_factor: z.number().positive(),
  high_freq_factor: z.number().positive(),
  original_max_position_embeddings: z.number().positive(),
};

const isOrdered = (c: { readonly low_freq_factor: number; readonly high_freq_factor: number }): boolean =>
  c.high_freq_factor > c.low_freq_factor;

/**
 * `type` is the older name of `rope_type`, which counts before it; a scaling that names none is the default. A kind that
 * is not known is told here, by the name it was given under.
 */
function named(value: unknown, context: z.RefinementCtx): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { type, rope_type: newer, ...settings } = value as Record<string, unknown>;
  const kind = newer ?? type ?? "default";
  if (["default", "linear", "llama3"].includes(kind as string)) return { ...settings, rope_type: kind };
  context.addIssue({
    code: "custom",
    path: [newer == null ? "type" : "rope_type"],
    message: 'expected "default", "linear" or "llama3"',
  });
  return z.NEVER;
}

/** As `rope_scaling` and `rope_parameters` say it. */
export const rotaryScaling: z.ZodType<RotaryScaling> = z.preprocess(
  named,
  z.discriminatedUnion("rope_type", [
    z.object({ rope_type: z.literal("llama3"), ...llama3 }).refine(isOrdered, {
      message: "must be above low_freq_factor",
      path: ["high_freq_factor"],
    }),
    z.object({ rope_type: z.literal("linear"), factor }),
    z.object({ rope_type: z.literal("default") }),
  ]),
);

/**
 * What a frequency becomes. Llama 3 keeps waves that are short against the length it was trained on, stretches long
 * ones, and passes from one to the other between `high_freq_factor` and `low_freq_factor` waves of that length.
 */
export function rescaleOf(scaling: RotaryScaling | undefined): ((frequency: number) => number) | undefined {
  if (scaling === undefined || !("factor" in scaling)) return undefined;
  const { factor } = scaling;
  if (!("low_freq_factor" in scaling)) return (frequency) => frequency / factor;
  const { low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: length } = scaling;
  return (frequency) => {
    const waves = (length * frequency) / (2 * Math.PI);
    const kept = Math.min(1, Math.max(0, (waves - low) / (high - low)));
    return (1 - kept) * (frequency / factor) + kept * frequency;
  };
}
