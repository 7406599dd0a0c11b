import { count, type EncoderConfig } from "@blora/layers";
import { checkModelConfig } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface RobertaConfig extends EncoderConfig {
  /** V */
  readonly vocabularySize: number;
  /** Tokens of the longest text: what the position table has beyond the place of padding. */
  readonly maxPositions: number;
  /** Number of segment embeddings, of which the first alone is used. */
  readonly tokenTypes: number;
  /** Id of padding, and the place of its position embedding: tokens begin after it. */
  readonly padId: number;
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

const MODEL_TYPES = ["roberta", "xlm-roberta", "camembert"] as const;

const keys = z.object({
  model_type: z.enum(MODEL_TYPES),
  vocab_size: count(2 ** 22).default(50265),
  hidden_size: count(2 ** 16).default(768),
  num_hidden_layers: count(1024).default(12),
  num_attention_heads: count(1024).default(12),
  intermediate_size: count(2 ** 18).default(3072),
  hidden_act: z.enum(["gelu", "relu"]).default("gelu"),
  layer_norm_eps: z.number().positive().max(1).default(1e-12),
  max_position_embeddings: count(2 ** 20).default(512),
  type_vocab_size: count(2 ** 16).default(2),
  position_embedding_type: z.literal("absolute").default("absolute"),
  pad_token_id: z.int().min(0).max(1000).default(1),
  is_decoder: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
  initializer_range: z.number().positive().max(10).default(0.02),
});

/**
 * Reads a `config.json` of model type `roberta`, `xlm-roberta` or `camembert`.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): RobertaConfig {
  const c = checkModelConfig(json, {
    modelTypes: MODEL_TYPES,
    schema: keys,
    rules: ({ hidden_size: H, num_attention_heads: N, max_position_embeddings: P, pad_token_id: pad }) => [
      ["hidden_size", H % N !== 0, `a multiple of num_attention_heads (${N})`],
      ["max_position_embeddings", P < pad + 2, `more than pad_token_id + 1 (${pad + 1})`],
    ],
  });
  return {
    vocabularySize: c.vocab_size,
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    activation: c.hidden_act,
    layerNormEpsilon: c.layer_norm_eps,
    maxPositions: c.max_position_embeddings - c.pad_token_id - 1,
    padId: c.pad_token_id,
    tokenTypes: c.type_vocab_size,
    initializerRange: c.initializer_range,
  };
}
