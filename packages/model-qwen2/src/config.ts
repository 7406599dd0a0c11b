import {
  count,
  type GatedDecoderConfig,
  gatedDecoderKeys,
  gatedDecoderRules,
  gatedDecoderSizes,
  unscaled,
} from "@blora/layers";
import { checkModelConfig } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface Qwen2Config extends GatedDecoderConfig {
  /** Roles of the maps of attention that have a bias: of queries, keys and values in Qwen1.5 to Qwen2.5, else none or all. */
  readonly attentionBias: readonly string[];
  /** Whether queries and keys are normalized head by head: Qwen3. */
  readonly queryKeyNorms: boolean;
}

/** Everything both generations say. What is refused changes what the network computes. */
const shared = {
  ...gatedDecoderKeys,
  max_position_embeddings: count(2 ** 22).default(32768),
  rope_scaling: z.strictObject(unscaled).optional(),
  rope_parameters: z.object(unscaled).optional(),
  use_sliding_window: z.literal(false).default(false),
};

const keys = z.discriminatedUnion("model_type", [
  z.object({ model_type: z.literal("qwen2"), ...shared }),
  z.object({
    model_type: z.literal("qwen3"),
    ...shared,
    head_dim: count(2 ** 12).default(128),
    attention_bias: z.boolean().default(false),
  }),
]);

function biasesOf(c: z.output<typeof keys>): readonly string[] {
  const projections = ["query", "key", "value"];
  if (c.model_type === "qwen2") return projections;
  return c.attention_bias ? [...projections, "attention-output"] : [];
}

/**
 * Reads a `config.json` of model type `qwen2` or `qwen3`.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): Qwen2Config {
  const c = checkModelConfig(json, {
    modelTypes: ["qwen2", "qwen3"],
    schema: keys,
    rules: (c) => gatedDecoderRules(c),
  });
  return {
    ...gatedDecoderSizes(c),
    attentionBias: biasesOf(c),
    queryKeyNorms: c.model_type === "qwen3",
  };
}
