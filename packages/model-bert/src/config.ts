import { count, type EncoderConfig } from "@blora/layers";
import { checkModelConfig } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface BertConfig extends EncoderConfig {
  /** V */
  readonly vocabularySize: number;
  readonly maxPositions: number;
  /** Number of segment embeddings. */
  readonly tokenTypes: number;
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

const keys = z.object({
  model_type: z.literal("bert"),
  vocab_size: count(2 ** 22).default(30522),
  hidden_size: count(2 ** 16).default(768),
  num_hidden_layers: count(1024).default(12),
  num_attention_heads: count(1024).default(12),
  intermediate_size: count(2 ** 18).default(3072),
  hidden_act: z.enum(["gelu", "relu"]).default("gelu"),
  layer_norm_eps: z.number().positive().max(1).default(1e-12),
  max_position_embeddings: count(2 ** 20).default(512),
  type_vocab_size: count(2 ** 16).default(2),
  position_embedding_type: z.literal("absolute").default("absolute"),
  is_decoder: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
  initializer_range: z.number().positive().max(10).default(0.02),
});

/**
 * Reads a `config.json` of model type `bert`.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): BertConfig {
  const c = checkModelConfig(json, {
    modelTypes: ["bert"],
    schema: keys,
    rules: ({ hidden_size: H, num_attention_heads: N }) => [
      ["hidden_size", H % N !== 0, `a multiple of num_attention_heads (${N})`],
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
    maxPositions: c.max_position_embeddings,
    tokenTypes: c.type_vocab_size,
    initializerRange: c.initializer_range,
  };
}
