import { z } from "zod";

/** How tags name the words of an entity; `none` where tags are of words alone, such as parts of speech. */
export type TagScheme = (typeof SCHEMES)[number];

const SCHEMES = ["IOB1", "IOB2", "IOE", "IOBES", "BILOU", "none"] as const;

/** A column by its name, or of a file without names by its number, counted from 1. */
export type Column = string | number;

export interface TokensOptions {
  /** Names of the tags in the order of their logits. */
  readonly labels: readonly string[];
  /** How the tags name entities. They are learned as they are; scores count by entity unless it is `none`. */
  readonly scheme: TagScheme;
  /** Column of the words. */
  readonly words: Column;
  /** Column of the tags. */
  readonly tags: Column;
  /** Split or file to train on. Default `train`; of a single file that file. */
  readonly train?: string | undefined;
  /** Splits or files to evaluate, the deciding one first. Default `validation`. */
  readonly evaluation?: readonly string[] | undefined;
  /** Share of the training sentences that become `validation` where the data have none. Default 0.1. */
  readonly validationShare?: number | undefined;
  /** Which sentences these are. Default 42. */
  readonly validationSeed?: number | undefined;
}

const name = z.string().min(1);
const column = z.union([name, z.int().positive()]);

const options = z.strictObject({
  labels: z
    .array(name)
    .min(2)
    .refine((labels) => new Set(labels).size === labels.length, { message: "expected each tag once" })
    .readonly(),
  scheme: z.enum(SCHEMES),
  words: column,
  tags: column,
  train: name.optional(),
  evaluation: z.array(name).min(1).readonly().optional(),
  validationShare: z.number().gt(0).lt(1).optional(),
  validationSeed: z.int().nonnegative().optional(),
});

export const optionsSchema: z.ZodType<TokensOptions> = options;
/** What a user may give, for the data to complete. */
export const givenSchema: z.ZodType = options.partial();
