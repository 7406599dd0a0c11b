import type { ConfigRule } from "@blora/spec";
import { z } from "zod";

/** What every decoder's `config.json` says. */
export interface DecoderConfig {
  /** V */
  readonly vocabularySize: number;
  /** H */
  readonly hiddenSize: number;
  readonly layers: number;
  /** N */
  readonly heads: number;
  /** G, heads of keys and values */
  readonly keyValueHeads: number;
  /** D */
  readonly headSize: number;
  /** F */
  readonly intermediateSize: number;
  /** Tokens of the longest text. */
  readonly maxPositions: number;
  readonly rotaryBase: number;
  /** Id of padding, where there is one: a classifier reads the last token with another. */
  readonly padId: number | undefined;
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

/** A whole number from 1 on. Upper bounds only stop absurd sizes before anything is allocated. */
export const count = (maximum: number): z.ZodInt => z.int().min(1).max(maximum);
export const rotaryBase: z.ZodNumber = z.number().min(1).max(1e12);

/** Where a `config.json` names none. */
const DEFAULT_BASE = 10_000;

/** What says that positions are not stretched; `type` is the older name. The base stands here since transformers 5. */
export const unscaled: {
  readonly rope_type: z.ZodOptional<z.ZodLiteral<"default">>;
  readonly type: z.ZodOptional<z.ZodLiteral<"default">>;
  readonly rope_theta: z.ZodOptional<z.ZodNumber>;
} = {
  rope_type: z.literal("default").optional(),
  type: z.literal("default").optional(),
  rope_theta: rotaryBase.optional(),
};

/** Keys that decoders share. */
export const decoderKeys: {
  readonly vocab_size: z.ZodInt;
  readonly hidden_size: z.ZodInt;
  readonly num_hidden_layers: z.ZodInt;
  readonly num_attention_heads: z.ZodInt;
  readonly num_key_value_heads: z.ZodOptional<z.ZodInt>;
  readonly intermediate_size: z.ZodInt;
  readonly rope_theta: z.ZodOptional<z.ZodNumber>;
  readonly is_causal: z.ZodDefault<z.ZodLiteral<true>>;
  readonly pad_token_id: z.ZodOptional<z.ZodInt>;
  readonly initializer_range: z.ZodDefault<z.ZodNumber>;
} = {
  vocab_size: count(2 ** 22),
  hidden_size: count(2 ** 16),
  num_hidden_layers: count(1024),
  num_attention_heads: count(1024),
  num_key_value_heads: count(1024).optional(),
  intermediate_size: count(2 ** 18),
  rope_theta: rotaryBase.optional(),
  // transformers lets every token of such a model see those after it too.
  is_causal: z.literal(true).default(true),
  pad_token_id: z.int().optional(),
  initializer_range: z.number().positive().max(10).default(0.02),
};

/** What says how positions turn, beside what a family knows of stretching them. */
interface RotarySettings {
  readonly rope_theta?: number | undefined;
}

/** The keys as they are read. */
export interface DecoderKeys {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads?: number | undefined;
  readonly head_dim?: number | undefined;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly rope_theta?: number | undefined;
  readonly rope_parameters?: RotarySettings | undefined;
  /** The older name of `rope_parameters`. */
  readonly rope_scaling?: RotarySettings | undefined;
  readonly pad_token_id?: number | undefined;
  readonly initializer_range: number;
}

/** Rules that span several keys, of heads that positions turn in pairs of elements. */
export function decoderRules(c: DecoderKeys): ConfigRule[] {
  const N = c.num_attention_heads;
  const headSize = c.head_dim ?? c.hidden_size / N;
  return [
    ["hidden_size", !Number.isInteger(headSize), `a multiple of num_attention_heads (${N})`],
    ["num_key_value_heads", N % (c.num_key_value_heads ?? N) !== 0, `a divisor of num_attention_heads (${N})`],
    ["rope_scaling", contradicts(c), "left out beside rope_parameters, its newer name, which says something else"],
  ];
}

/** Whether both names of the rotary settings say something, and not the same: transformers drops all of one of them. */
function contradicts({
  rope_scaling: older = {},
  rope_parameters: newer,
  rope_theta = DEFAULT_BASE,
}: DecoderKeys): boolean {
  if (newer === undefined || Object.values(older).every((value) => value === "default")) return false;
  const [said, others] = [older, newer].map((settings) => new Map(Object.entries({ rope_theta, ...settings })));
  return said!.size !== others!.size || [...others!].some(([key, value]) => said!.get(key) !== value);
}

/** The configuration that the keys say, with the names of rotary settings before and after transformers 5. */
export function decoderSizes(c: DecoderKeys): DecoderConfig {
  return {
    vocabularySize: c.vocab_size,
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headSize: c.head_dim ?? c.hidden_size / c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    maxPositions: c.max_position_embeddings,
    rotaryBase: (c.rope_parameters ?? c.rope_scaling)?.rope_theta ?? c.rope_theta ?? DEFAULT_BASE,
    padId: c.pad_token_id,
    initializerRange: c.initializer_range,
  };
}
