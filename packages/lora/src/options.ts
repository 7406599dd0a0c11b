import { z } from "zod";

/** Options every method shares. */
export interface LowRankOptions {
  /** Numerator of the scale: ΔW = alpha / rank · B·A. Default 2 · rank. */
  readonly alpha?: number | undefined;
  /** Share of the adapter's input that is zeroed in training, 0 to below 1. Default 0. */
  readonly dropout?: number | undefined;
}

/** Options with every default in place; those named in `Optional` have none. */
export type WithDefaults<Options, Optional extends keyof Options = never> = {
  readonly [K in Exclude<keyof Options, Optional>]-?: NonNullable<Options[K]>;
} & Pick<Options, Optional>;

/** A schema for each option, none left out and none besides. */
export type OptionSchemas<Options> = { readonly [K in keyof Options]-?: z.ZodType };

/** Above min(I, O) a rank adds nothing; far above, a slip of the hand would take all memory. */
const MOST_RANK = 2 ** 16;

export const rankSchema: z.ZodInt = z.int().min(1).max(MOST_RANK);
export const alphaSchema: z.ZodNumber = z.number().positive();
export const dropoutSchema: z.ZodNumber = z.number().min(0).lt(1);
