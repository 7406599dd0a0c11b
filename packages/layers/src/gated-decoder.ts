import type { ConfigRule, ForwardInputs } from "@blora/spec";
import { siluGate, type Tensor } from "@blora/tensor";
import { z } from "zod";
import {
  count,
  type DecoderConfig,
  type DecoderKeys,
  decoderKeys,
  decoderRules,
  decoderSizes,
} from "./decoder-config.ts";
import type { LayerSite } from "./decoder-names.ts";

/** What `config.json` says of decoders in Llama's manner: root-mean-square norms and gated feed-forward parts. */
export interface GatedDecoderConfig extends DecoderConfig {
  readonly normEpsilon: number;
  /** Whether the token embedding is also the output layer. */
  readonly tiedEmbeddings: boolean;
}

/** Keys that these decoders share. */
export const gatedDecoderKeys: typeof decoderKeys & {
  readonly head_dim: z.ZodOptional<z.ZodInt>;
  readonly hidden_act: z.ZodDefault<z.ZodLiteral<"silu">>;
  readonly rms_norm_eps: z.ZodDefault<z.ZodNumber>;
  readonly layer_types: z.ZodOptional<z.ZodArray<z.ZodLiteral<"full_attention">>>;
  readonly tie_word_embeddings: z.ZodDefault<z.ZodBoolean>;
} = {
  ...decoderKeys,
  head_dim: count(2 ** 12).optional(),
  hidden_act: z.literal("silu").default("silu"),
  rms_norm_eps: z.number().positive().max(1).default(1e-6),
  layer_types: z.array(z.literal("full_attention")).optional(),
  tie_word_embeddings: z.boolean().default(false),
};

/** Rules that span several keys. */
export function gatedDecoderRules(c: DecoderKeys): ConfigRule[] {
  const headSize = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  return [...decoderRules(c), ["head_dim", Number.isInteger(headSize) && headSize % 2 !== 0, "even"]];
}

/** The configuration that the keys say. */
export function gatedDecoderSizes(
  c: DecoderKeys & { readonly rms_norm_eps: number; readonly tie_word_embeddings: boolean },
): GatedDecoderConfig {
  return { ...decoderSizes(c), normEpsilon: c.rms_norm_eps, tiedEmbeddings: c.tie_word_embeddings };
}

/** Feed-forward part (Shazeer, 2020): silu of one linear map of x [M, H], times another, mapped back: [M, H]. */
export function gatedFeedForward({ linear }: Pick<ForwardInputs<unknown>, "linear">, path: string, x: Tensor): Tensor {
  const widened = siluGate(linear(`${path}.gate_proj`, x), linear(`${path}.up_proj`, x)); // [M, F]
  return linear(`${path}.down_proj`, widened);
}

/** The linear maps of a layer, in forward order. */
export function gatedLayerSites(config: DecoderConfig): LayerSite[] {
  const { hiddenSize: H, intermediateSize: F, heads: N, keyValueHeads: G, headSize: D } = config;
  return [
    ["self_attn.q_proj", "query", H, N * D],
    ["self_attn.k_proj", "key", H, G * D],
    ["self_attn.v_proj", "value", H, G * D],
    ["self_attn.o_proj", "attention-output", N * D, H],
    ["mlp.gate_proj", "gate", H, F],
    ["mlp.up_proj", "up", H, F],
    ["mlp.down_proj", "down", F, H],
  ];
}
