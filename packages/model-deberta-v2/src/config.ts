import { count } from "@blora/layers";
import { type ConfigRule, checkModelConfig } from "@blora/spec";
import { z } from "zod";
import type { RelativeTable } from "./relative-positions.ts";

export type Activation = "gelu" | "relu" | "tanh";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface DebertaV2Config {
  readonly vocabularySize: number;
  /** H */
  readonly hiddenSize: number;
  /** E, projected to H where it differs. */
  readonly embeddingSize: number;
  readonly layers: number;
  /** N */
  readonly heads: number;
  readonly intermediateSize: number;
  readonly activation: Activation;
  readonly poolerActivation: Activation;
  readonly layerNormEpsilon: number;
  readonly maxPositions: number;
  /** Number of segment embeddings; 0: none. */
  readonly tokenTypes: number;
  /** Whether positions are added to the word embeddings, as in BERT. */
  readonly absolutePositions: boolean;
  /** Terms beside content-to-content, which the attention scale counts even where they are not computed. */
  readonly positionTerms: readonly PositionTerm[];
  /** Undefined: no relative attention, or no terms of it. */
  readonly relative: RelativeAttention | undefined;
  /** Convolution beside the first layer (V2 xlarge and xxlarge). */
  readonly convolution: { readonly kernelSize: number; readonly activation: Activation } | undefined;
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

/** `c2p`: content to position; `p2c`: position to content. */
export type PositionTerm = "c2p" | "p2c";

export interface RelativeAttention extends RelativeTable {
  /** Whether positions use the content's query and key projections. */
  readonly shared: boolean;
  readonly normalized: boolean;
}

const listOf = (value: string | string[]): string[] =>
  (typeof value === "string" ? value.split("|") : value).map((item) => item.trim().toLowerCase());
const names = z.union([z.string(), z.array(z.string())]).transform(listOf);
const activation = z.enum(["gelu", "relu", "tanh"]);

const keys = z.object({
  model_type: z.literal("deberta-v2"),
  vocab_size: count(2 ** 22),
  hidden_size: count(2 ** 16),
  embedding_size: count(2 ** 16).optional(),
  num_hidden_layers: count(1024),
  num_attention_heads: count(1024),
  attention_head_size: count(2 ** 16).optional(),
  intermediate_size: count(2 ** 18),
  hidden_act: activation.default("gelu"),
  layer_norm_eps: z.number().positive().max(1).default(1e-7),
  max_position_embeddings: count(2 ** 20).default(512),
  type_vocab_size: z
    .int()
    .min(0)
    .max(2 ** 16)
    .default(0),
  position_biased_input: z.boolean().default(true),
  relative_attention: z.boolean().default(false),
  max_relative_positions: z
    .int()
    .min(-1)
    .max(2 ** 20)
    .default(-1),
  position_buckets: z
    .int()
    .min(-1)
    .max(2 ** 20)
    .default(-1),
  pos_att_type: names.pipe(z.array(z.enum(["c2p", "p2c"]))).default([]),
  share_att_key: z.boolean().default(false),
  norm_rel_ebd: names.pipe(z.array(z.enum(["none", "layer_norm"]))).default(["none"]),
  pooler_hidden_size: count(2 ** 16).optional(),
  pooler_hidden_act: activation.default("gelu"),
  pad_token_id: z.int().min(0).optional(),
  conv_kernel_size: z.int().min(0).max(255).default(0),
  conv_groups: z.literal(1).default(1),
  conv_act: activation.default("tanh"),
  initializer_range: z.number().positive().max(10).default(0.02),
  tie_word_embeddings: z.literal(true).default(true),
});

type Keys = z.output<typeof keys>;

/** Rules that span several keys. */
function rules(c: Keys): ConfigRule[] {
  const headSize = c.hidden_size / c.num_attention_heads;
  return [
    ["hidden_size", !Number.isInteger(headSize), `a multiple of num_attention_heads (${c.num_attention_heads})`],
    [
      "attention_head_size",
      (c.attention_head_size ?? headSize) !== headSize,
      `hidden_size / num_attention_heads (${headSize})`,
    ],
    ["pooler_hidden_size", (c.pooler_hidden_size ?? c.hidden_size) !== c.hidden_size, `hidden_size (${c.hidden_size})`],
    ["pad_token_id", (c.pad_token_id ?? 0) >= c.vocab_size, `below vocab_size (${c.vocab_size})`],
    ["position_buckets", c.position_buckets === 1, "-1 or at least 2"],
    ["conv_kernel_size", c.conv_kernel_size > 0 && c.conv_kernel_size % 2 === 0, "0 or odd"],
  ];
}

function maxDistanceOf(c: Keys): number {
  return c.max_relative_positions < 1 ? c.max_position_embeddings : c.max_relative_positions;
}

/**
 * Reads a `config.json` of model type `deberta-v2`.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): DebertaV2Config {
  const c = checkModelConfig(json, { modelTypes: ["deberta-v2"], schema: keys, rules });
  const buckets = c.position_buckets > 0 ? c.position_buckets : undefined;
  return {
    vocabularySize: c.vocab_size,
    hiddenSize: c.hidden_size,
    embeddingSize: c.embedding_size ?? c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    activation: c.hidden_act,
    poolerActivation: c.pooler_hidden_act,
    layerNormEpsilon: c.layer_norm_eps,
    maxPositions: c.max_position_embeddings,
    tokenTypes: c.type_vocab_size,
    absolutePositions: c.position_biased_input,
    positionTerms: [...new Set(c.pos_att_type)],
    relative:
      c.relative_attention && c.pos_att_type.length > 0
        ? {
            maxDistance: maxDistanceOf(c),
            buckets,
            shared: c.share_att_key,
            normalized: c.norm_rel_ebd.includes("layer_norm"),
          }
        : undefined,
    convolution: c.conv_kernel_size > 0 ? { kernelSize: c.conv_kernel_size, activation: c.conv_act } : undefined,
    initializerRange: c.initializer_range,
  };
}
