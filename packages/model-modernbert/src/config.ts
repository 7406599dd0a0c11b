import { count } from "@blora/layers";
import { type ConfigRule, checkModelConfig, type JsonObject } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface ModernBertConfig {
  /** V */
  readonly vocabularySize: number;
  /** H */
  readonly hiddenSize: number;
  /** N */
  readonly heads: number;
  /** F */
  readonly intermediateSize: number;
  readonly normEpsilon: number;
  readonly normBias: boolean;
  readonly attentionBias: boolean;
  readonly feedForwardBias: boolean;
  readonly classifierBias: boolean;
  readonly maxPositions: number;
  /** Of each layer: whether it sees all tokens, or those near by. */
  readonly layers: readonly ("global" | "local")[];
  /** How far a local layer sees, in tokens to each side. */
  readonly localRadius: number;
  readonly rotaryBase: { readonly global: number; readonly local: number };
  /** State that the classifier reads: the first token's, or the mean over all. */
  readonly pooling: "cls" | "mean";
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

const rotaryBase = z.number().min(1).max(1e12);
const rotary = z.object({ rope_type: z.literal("default").default("default"), rope_theta: rotaryBase.optional() });

const keys = z.object({
  model_type: z.literal("modernbert"),
  vocab_size: count(2 ** 22).default(50368),
  hidden_size: count(2 ** 16).default(768),
  intermediate_size: count(2 ** 18).default(1152),
  num_hidden_layers: count(1024).default(22),
  num_attention_heads: count(1024).default(12),
  hidden_activation: z.literal("gelu").default("gelu"),
  classifier_activation: z.literal("gelu").default("gelu"),
  max_position_embeddings: count(2 ** 22).default(8192),
  norm_eps: z.number().positive().max(1).default(1e-5),
  norm_bias: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  classifier_bias: z.boolean().default(false),
  classifier_pooling: z.enum(["cls", "mean"]).default("cls"),
  local_attention: count(2 ** 22).default(128),
  /** Half of `local_attention`, and before it where both are given. */
  sliding_window: z
    .int()
    .min(0)
    .max(2 ** 22)
    .optional(),
  global_attn_every_n_layers: count(1024).default(3),
  layer_types: z.array(z.enum(["full_attention", "sliding_attention"])).optional(),
  global_rope_theta: rotaryBase.default(160_000),
  local_rope_theta: rotaryBase.optional(),
  rope_scaling: z.null().optional(),
  rope_parameters: z
    .strictObject({ full_attention: rotary.optional(), sliding_attention: rotary.optional() })
    .optional(),
  initializer_range: z.number().positive().max(10).default(0.02),
});

/** Rules that span several keys. */
function rules(c: z.output<typeof keys>): ConfigRule[] {
  const headSize = c.hidden_size / c.num_attention_heads;
  return [
    [
      "hidden_size",
      !Number.isInteger(headSize / 2),
      `an even multiple of num_attention_heads (${c.num_attention_heads})`,
    ],
    ["layer_types", (c.layer_types?.length ?? c.num_hidden_layers) !== c.num_hidden_layers, "one for each layer"],
  ];
}

/**
 * Reads a `config.json` of model type `modernbert`, with the names of rotary bases before and after transformers 5.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): ModernBertConfig {
  const c = checkModelConfig(json, { modelTypes: ["modernbert"], schema: keys, rules });
  const types =
    c.layer_types ??
    Array.from({ length: c.num_hidden_layers }, (_, layer) =>
      layer % c.global_attn_every_n_layers === 0 ? "full_attention" : "sliding_attention",
    );
  // Null says that layers of both kinds have one base.
  const localDefault = (json as JsonObject).local_rope_theta === null ? c.global_rope_theta : 10_000;
  return {
    vocabularySize: c.vocab_size,
    hiddenSize: c.hidden_size,
    heads: c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    normEpsilon: c.norm_eps,
    normBias: c.norm_bias,
    attentionBias: c.attention_bias,
    feedForwardBias: c.mlp_bias,
    classifierBias: c.classifier_bias,
    maxPositions: c.max_position_embeddings,
    layers: types.map((type) => (type === "full_attention" ? "global" : "local")),
    localRadius: c.sliding_window ?? Math.floor(c.local_attention / 2),
    rotaryBase: {
      global: c.rope_parameters?.full_attention?.rope_theta ?? c.global_rope_theta,
      local: c.rope_parameters?.sliding_attention?.rope_theta ?? c.local_rope_theta ?? localDefault,
    },
    pooling: c.classifier_pooling,
    initializerRange: c.initializer_range,
  };
}
