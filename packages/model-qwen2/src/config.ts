import {
  count,
  type GatedDecoderConfig,
  gatedDecoderKeys,
  gatedDecoderRules,
  gatedDecoderSizes,
  rotaryBase,
  unscaled,
} from "@blora/layers";
import { checkModelConfig } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface Qwen2Config extends GatedDecoderConfig {
  /** Whether queries, keys and values have a bias: Qwen1.5 to Qwen2.5. */
  readonly attentionBias: boolean;
  /** Whether queries and keys are normalized head by head: Qwen3. */
  readonly queryKeyNorms: boolean;
}

/** Everything both generations say. What is refused changes what the network computes. */
const shared = {
  ...gatedDecoderKeys,
  max_position_embeddings: count(2 ** 22).default(32768),
  rope_scaling: z.strictObject(unscaled).optional(),
  rope_parameters: z.object({ ...unscaled, rope_theta: rotaryBase.optional() }).optional(),
  use_sliding_window: z.literal(false).default(false),
};

const keys = z.discriminatedUnion("model_type", [
  z.object({ model_type: z.literal("qwen2"), ...shared }),
  z.object({ model_type: z.literal("qwen3"), ...shared, attention_bias: z.boolean().default(false) }),
]);

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
    attentionBias: c.model_type === "qwen2" || c.attention_bias,
    queryKeyNorms: c.model_type === "qwen3",
  };
}
