import { type ConfigRule, checkModelConfig } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface Qwen2Config {
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
  readonly normEpsilon: number;
  readonly maxPositions: number;
  readonly rotaryBase: number;
  /** Whether queries, keys and values have a bias: Qwen1.5 to Qwen2.5. */
  readonly attentionBias: boolean;
  /** Whether queries and keys are normalized head by head: Qwen3. */
  readonly queryKeyNorms: boolean;
  /** Whether the token embedding is also the output layer. */
  readonly tiedEmbeddings: boolean;
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

// Upper bounds only stop absurd sizes before anything is allocated.
const count = (maximum: number): z.ZodInt => z.int().min(1).max(maximum);
const rotaryBase = z.number().min(1).max(1e12);

/** Everything both generations say. What is refused changes what the network computes. */
const shared = {
  vocab_size: count(2 ** 22),
  hidden_size: count(2 ** 16),
  num_hidden_layers: count(1024),
  num_attention_heads: count(1024),
  num_key_value_heads: count(1024).optional(),
  head_dim: count(2 ** 12).optional(),
  intermediate_size: count(2 ** 18),
  hidden_act: z.literal("silu").default("silu"),
  rms_norm_eps: z.number().positive().max(1).default(1e-6),
  max_position_embeddings: count(2 ** 22).default(32768),
  rope_theta: rotaryBase.optional(),
  rope_scaling: z.null().optional(),
  rope_parameters: z.object({ rope_type: z.literal("default"), rope_theta: rotaryBase }).optional(),
  use_sliding_window: z.literal(false).default(false),
  layer_types: z.array(z.literal("full_attention")).optional(),
  initializer_range: z.number().positive().max(10).default(0.02),
  tie_word_embeddings: z.boolean().default(false),
};

const keys = z.discriminatedUnion("model_type", [
  z.object({ model_type: z.literal("qwen2"), ...shared }),
  z.object({ model_type: z.literal("qwen3"), ...shared, attention_bias: z.boolean().default(false) }),
]);

/** Rules that span several keys. */
function rules(c: z.output<typeof keys>): ConfigRule[] {
  const N = c.num_attention_heads;
  const headSize = c.head_dim ?? c.hidden_size / N;
  return [
    ["hidden_size", !Number.isInteger(headSize), `a multiple of num_attention_heads (${N})`],
    ["head_dim", Number.isInteger(headSize) && headSize % 2 !== 0, "even"],
    ["num_key_value_heads", N % (c.num_key_value_heads ?? N) !== 0, `a divisor of num_attention_heads (${N})`],
  ];
}

/**
 * Reads a `config.json` of model type `qwen2` or `qwen3`.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): Qwen2Config {
  const c = checkModelConfig(json, { modelTypes: ["qwen2", "qwen3"], schema: keys, rules });
  return {
    vocabularySize: c.vocab_size,
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headSize: c.head_dim ?? c.hidden_size / c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    normEpsilon: c.rms_norm_eps,
    maxPositions: c.max_position_embeddings,
    rotaryBase: c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10_000,
    attentionBias: c.model_type === "qwen2" || c.attention_bias,
    queryKeyNorms: c.model_type === "qwen3",
    tiedEmbeddings: c.tie_word_embeddings,
    initializerRange: c.initializer_range,
  };
}
