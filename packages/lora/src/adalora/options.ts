import { z } from "zod";
import {
  alphaSchema,
  dropoutSchema,
  type LowRankOptions,
  type OptionSchemas,
  rankSchema,
  type WithDefaults,
} from "../options.ts";

/** Steps: a whole number of them, or a fraction below 1 of the run. */
export type Steps = number;

export interface AdaloraOptions extends LowRankOptions {
  /** r_init, components every site starts with. Default 12. */
  readonly initialRank?: number | undefined;
  /** Mean rank the budget ends at. At most `initialRank`. Default 8. */
  readonly targetRank?: number | undefined;
  /** t_i, steps before the budget falls. Default 0.1. */
  readonly tInit?: Steps | undefined;
  /** t_f, last steps, at the final budget. Default 0.3. */
  readonly tFinal?: Steps | undefined;
  /** ΔT, steps between two maskings while the budget falls. Default 1. */
  readonly deltaT?: Steps | undefined;
  /** Factor c of the orthogonality penalty. Default 0.1. */
  readonly orthogonality?: number | undefined;
  /** Decay of the averaged importance. Default 0.85. */
  readonly beta1?: number | undefined;
  /** Decay of its averaged uncertainty. Default 0.85. */
  readonly beta2?: number | undefined;
}

export type AdaloraSettings = WithDefaults<AdaloraOptions>;

const stepsSchema = z
  .number()
  .min(0)
  .refine((value) => value < 1 || Number.isInteger(value), {
    message: "expected a fraction below 1 or a whole number of steps",
  });
const decaySchema = z.number().min(0).lt(1);

export const adaloraOptionsSchema: z.ZodType<AdaloraSettings, AdaloraOptions | undefined> = z
  .strictObject({
    initialRank: rankSchema.default(12),
    targetRank: z.number().positive().default(8),
    alpha: alphaSchema.optional(),
    dropout: dropoutSchema.default(0),
    tInit: stepsSchema.default(0.1),
    tFinal: stepsSchema.default(0.3),
    deltaT: stepsSchema.default(1),
    orthogonality: z.number().min(0).default(0.1),
    beta1: decaySchema.default(0.85),
    beta2: decaySchema.default(0.85),
  } satisfies OptionSchemas<AdaloraOptions>)
  .refine(({ initialRank, targetRank }) => targetRank <= initialRank, {
    message: "expected targetRank to be at most initialRank",
    path: ["targetRank"],
  })
  .transform((options) => ({ ...options, alpha: options.alpha ?? 2 * options.initialRank }))
  .prefault({});
