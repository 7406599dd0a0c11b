import { count, type DecoderConfig, decoderKeys, decoderRules, decoderSizes, unscaled } from "@blora/layers";
import { type ConfigRule, checkModelConfig } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface PhiConfig extends DecoderConfig {
  readonly layerNormEpsilon: number;
  /** R, elements of a head that positions turn */
  readonly rotarySize: number;
}

const share = z.number().positive().max(1);

/** What is refused changes what the network computes. */
const keys = z.object({
  model_type: z.literal("phi"),
  ...decoderKeys,
  hidden_act: z.literal("gelu_new").default("gelu_new"),
  layer_norm_eps: z.number().positive().max(1).default(1e-5),
  max_position_embeddings: count(2 ** 22).default(2048),
  partial_rotary_factor: share.optional(),
  rope_scaling: z.strictObject(unscaled).optional(),
  rope_parameters: z.object({ ...unscaled, partial_rotary_factor: share.optional() }).optional(),
  qk_layernorm: z.literal(false).default(false),
  tie_word_embeddings: z.literal(false).default(false),
});

type Keys = z.output<typeof keys>;

function rotarySizeOf(c: Keys): number {
  const factor = c.rope_parameters?.partial_rotary_factor ?? c.partial_rotary_factor ?? 0.5;
  return Math.trunc((c.hidden_size / c.num_attention_heads) * factor);
}

/** Where the share of a head that positions turn is said. */
const partialKey = (c: Keys): string =>
  c.rope_parameters?.partial_rotary_factor === undefined ? "partial_rotary_factor" : "rope_parameters";

/** Rules that span several keys. */
function rules(c: Keys): ConfigRule[] {
  const isDivided = c.hidden_size % c.num_attention_heads === 0;
  const R = rotarySizeOf(c);
  return [
    ...decoderRules(c),
    [partialKey(c), isDivided && (R < 2 || R % 2 !== 0), "such that it turns an even number of elements"],
  ];
}

/**
 * Reads a `config.json` of model type `phi`.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): PhiConfig {
  const c = checkModelConfig(json, { modelTypes: ["phi"], schema: keys, rules });
  return { ...decoderSizes(c), layerNormEpsilon: c.layer_norm_eps, rotarySize: rotarySizeOf(c) };
}
