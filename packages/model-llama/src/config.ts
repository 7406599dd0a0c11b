import {
  count,
  type GatedDecoderConfig,
  gatedDecoderKeys,
  gatedDecoderRules,
  gatedDecoderSizes,
  rotaryBase,
} from "@blora/layers";
import { checkModelConfig, type JsonObject } from "@blora/spec";
import { z } from "zod";
import { rescaleOf, rotaryScaling } from "./rotary-scaling.ts";

/**
 * What `config.json` says, checked and with Hugging Face's defaults filled in. `maxPositions` is within a sliding
 * window, which then changes nothing.
 */
export interface LlamaConfig extends GatedDecoderConfig {
  /** What a rotary frequency becomes, where positions are scaled. */
  readonly rescaleFrequency: ((frequency: number) => number) | undefined;
  /** Whether the four maps of attention have a bias. */
  readonly attentionBias: boolean;
  /** Whether the three maps of the feed-forward part have a bias. */
  readonly feedForwardBias: boolean;
}

const rotary = z.intersection(rotaryScaling, z.object({ rope_theta: rotaryBase.optional() })).optional();

/** Everything both families say. What is refused changes what the network computes. */
const shared = { ...gatedDecoderKeys, rope_scaling: rotary, rope_parameters: rotary };

/** Where a `config.json` leaves the window out; null there is none. */
const MISTRAL_WINDOW = 4096;

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

/**
 * Reads a `config.json` of model type `llama` or `mistral`, with the names of rotary settings before and after
 * transformers 5.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): LlamaConfig {
  const c = checkModelConfig(json, {
    modelTypes: ["llama", "mistral"],
    schema: keys,
    rules: (c) => gatedDecoderRules(c),
  });
  const isUnbounded = c.model_type !== "mistral" || (json as JsonObject).sliding_window === null;
  const window = isUnbounded ? Infinity : (c.sliding_window ?? MISTRAL_WINDOW);
  return {
    ...gatedDecoderSizes(c),
    maxPositions: Math.min(c.max_position_embeddings, window),
    rescaleFrequency: rescaleOf(c.rope_parameters ?? c.rope_scaling),
    attentionBias: c.model_type === "llama" && c.attention_bias,
    feedForwardBias: c.model_type === "llama" && c.mlp_bias,
  };
}
