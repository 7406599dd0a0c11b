import { type ConfigRule, checkModelConfig } from "@blora/spec";
import { z } from "zod";
import { type RotaryScaling, rescaleOf, rotaryScaling } from "./rotary-scaling.ts";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface LlamaConfig {
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
  /** Tokens of the longest text; within a sliding window, which then changes nothing. */
  readonly maxPositions: number;
  readonly rotaryBase: number;
  /** What a rotary frequency becomes, where positions are scaled. */
  readonly rescaleFrequency: ((frequency: number) => number) | undefined;
  /** Whether the four maps of attention have a bias. */
  readonly attentionBias: boolean;
  /** Whether the three maps of the feed-forward part have a bias. */
  readonly feedForwardBias: boolean;
  /** Whether the token embedding is also the output layer. */
  readonly tiedEmbeddings: boolean;
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

// Upper bounds only stop absurd sizes before anything is allocated.
const count = (maximum: number): z.ZodInt => z.int().min(1).max(maximum);
const rotaryBase = z.number().min(1).max(1e12);

/** Everything both families say. What is refused changes what the network computes. */
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
  rope_theta: rotaryBase.optional(),
  rope_scaling: rotaryScaling.optional(),
  rope_parameters: z.intersection(rotaryScaling, z.object({ rope_theta: rotaryBase.optional() })).optional(),
  layer_types: z.array(z.literal("full_attention")).optional(),
  initializer_range: z.number().positive().max(10).default(0.02),
  tie_word_embeddings: z.boolean().default(false),
};

const keys = z.discriminatedUnion("model_type", [
  z.object({
    model_type: z.literal("llama"),
    ...shared,
    max_position_embeddings: count(2 ** 22).default(2048),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
  }),
  z.object({
    model_type: z.literal("mistral"),
    ...shared,
    max_position_embeddings: count(2 ** 22).default(131_072),
    sliding_window: count(2 ** 22).optional(),
  }),
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
 * Reads a `config.json` of model type `llama` or `mistral`, with the names of rotary settings before and after
 * transformers 5.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): LlamaConfig {
  const c = checkModelConfig(json, { modelTypes: ["llama", "mistral"], schema: keys, rules });
  const scaling: RotaryScaling | undefined = c.rope_parameters ?? c.rope_scaling;
  const window = c.model_type === "mistral" ? (c.sliding_window ?? Infinity) : Infinity;
  return {
    vocabularySize: c.vocab_size,
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headSize: c.head_dim ?? c.hidden_size / c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    normEpsilon: c.rms_norm_eps,
    maxPositions: Math.min(c.max_position_embeddings, window),
    rotaryBase: c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10_000,
    rescaleFrequency: rescaleOf(scaling),
    attentionBias: c.model_type === "llama" && c.attention_bias,
    feedForwardBias: c.model_type === "llama" && c.mlp_bias,
    tiedEmbeddings: c.tie_word_embeddings,
    initializerRange: c.initializer_range,
  };
}
