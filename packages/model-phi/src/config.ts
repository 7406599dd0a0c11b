import { type ConfigRule, checkModelConfig } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface PhiConfig {
  /** V */
  readonly vocabularySize: number;
  /** H */
  readonly hiddenSize: number;
  readonly layers: number;
  /** N */
  readonly heads: number;
  /** G, heads of keys and values */
  readonly keyValueHeads: number;
  /** F */
  readonly intermediateSize: number;
  readonly layerNormEpsilon: number;
  readonly maxPositions: number;
  readonly rotaryBase: number;
  /** R, elements of a head that positions turn */
  readonly rotarySize: number;
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

// Upper bounds only stop absurd sizes before anything is allocated.
const count = (maximum: number): z.ZodInt => z.int().min(1).max(maximum);
const share = z.number().positive().max(1);
const rotaryBase = z.number().min(1).max(1e12);

/** What is refused changes what the network computes. */
const keys = z.object({
  model_type: z.literal("phi"),
  vocab_size: count(2 ** 22),
  hidden_size: count(2 ** 16),
  num_hidden_layers: count(1024),
  num_attention_heads: count(1024),
  num_key_value_heads: count(1024).optional(),
  intermediate_size: count(2 ** 18),
  hidden_act: z.literal("gelu_new").default("gelu_new"),
  layer_norm_eps: z.number().positive().max(1).default(1e-5),
  max_position_embeddings: count(2 ** 22).default(2048),
  partial_rotary_factor: share.optional(),
  rope_theta: rotaryBase.optional(),
  rope_scaling: z.null().optional(),
  rope_parameters: z
    .object({
      rope_type: z.literal("default"),
      rope_theta: rotaryBase,
      partial_rotary_factor: share.optional(),
    })
    .optional(),
  qk_layernorm: z.literal(false).default(false),
  tie_word_embeddings: z.literal(false).default(false),
  initializer_range: z.number().positive().max(10).default(0.02),
});

type Keys = z.output<typeof keys>;

function rotarySizeOf(c: Keys): number {
  const factor = c.rope_parameters?.partial_rotary_factor ?? c.partial_rotary_factor ?? 0.5;
  return Math.trunc((c.hidden_size / c.num_attention_heads) * factor);
}

/** Rules that span several keys. */
function rules(c: Keys): ConfigRule[] {
  const N = c.num_attention_heads;
  const isDivided = c.hidden_size % N === 0;
  const R = rotarySizeOf(c);
  return [
    ["hidden_size", !isDivided, `a multiple of num_attention_heads (${N})`],
    ["num_key_value_heads", N % (c.num_key_value_heads ?? N) !== 0, `a divisor of num_attention_heads (${N})`],
    ["partial_rotary_factor", isDivided && (R < 2 || R % 2 !== 0), "such that it turns an even number of elements"],
  ];
}

/**
 * Reads a `config.json` of model type `phi`.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): PhiConfig {
  const c = checkModelConfig(json, { modelTypes: ["phi"], schema: keys, rules });
  return {
    vocabularySize: c.vocab_size,
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    layerNormEpsilon: c.layer_norm_eps,
    maxPositions: c.max_position_embeddings,
    rotaryBase: c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10_000,
    rotarySize: rotarySizeOf(c),
    initializerRange: c.initializer_range,
  };
}
