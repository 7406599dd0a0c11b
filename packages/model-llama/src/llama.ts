import {
  type DecoderPass,
  decoder,
  decoderParameters,
  EMBEDDING,
  gatedFeedForward,
  gatedLayerSites,
  layerPath,
  OUTPUT,
  selfAttention,
  sitesOfLayers,
} from "@blora/layers";
import {
  type Architecture,
  definePlugin,
  type Head,
  type NoOptions,
  noOptions,
  type ParameterSpec,
  type Plugin,
} from "@blora/spec";
import { ops, rmsNorm, rotaryTables, type Tensor } from "@blora/tensor";
import { type LlamaConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, V vocabulary. Hidden states are [M, H] throughout.
 */

type Pass = DecoderPass<LlamaConfig>;

// Parameters

function parameters(config: LlamaConfig, head: Head): ParameterSpec[] {
  const { hiddenSize: H, vocabularySize: V, attentionBias, feedForwardBias } = config;
  return decoderParameters("llama", config, head, {
    layer: (kit, layer) => [
      ...kit.norm(`${layer}.input_layernorm`, H, false),
      ...gatedLayerSites(config).flatMap(([path, , I, O]) =>
        kit.dense(`${layer}.${path}`, I, O, path.startsWith("mlp.") ? feedForwardBias : attentionBias),
      ),
      ...kit.norm(`${layer}.post_attention_layernorm`, H, false),
    ],
    norm: (kit) => kit.norm("model.norm", H, false),
    output: (kit) => (config.tiedEmbeddings ? [] : kit.dense(OUTPUT, H, V, false)),
  });
}

// Layers

function norm({ config, lookup }: Pass, path: string, x: Tensor): Tensor {
  return rmsNorm(x, lookup(`${path}.weight`), config.normEpsilon);
}

function attend(pass: Pass, index: number, x: Tensor): Tensor {
  const path = `${layerPath(index)}.self_attn`;
  return pass.linear(`${path}.o_proj`, selfAttention(pass, index, path, x));
}

/** Attention, then the feed-forward part, each of a normalized input and added to it. */
function block(pass: Pass, index: number, x: Tensor): Tensor {
  const path = layerPath(index);
  const y = ops.add(x, attend(pass, index, norm(pass, `${path}.input_layernorm`, x)));
  return ops.add(y, gatedFeedForward(pass, `${path}.mlp`, norm(pass, `${path}.post_attention_layernorm`, y)));
}

// Model and heads

const network = decoder<LlamaConfig>({
  name: "llama",
  angles: ({ headSize, rotaryBase, rescaleFrequency }, positions) =>
    rotaryTables(positions, headSize, rotaryBase, rescaleFrequency),
  block,
  norm: (pass, x) => norm(pass, "model.norm", x),
  unembedding: ({ tiedEmbeddings }) => ({ weight: tiedEmbeddings ? EMBEDDING : `${OUTPUT}.weight` }),
});

/** Llama (Touvron et al., 2023) 2 and 3, models of its shape such as SmolLM2, and Mistral up to its sliding window. */
export const llama: Plugin<"architecture", "llama", NoOptions, Architecture<LlamaConfig>> = definePlugin({
  kind: "architecture",
  id: "llama",
  packageName: "@blora/model-llama",
  optionsSchema: noOptions,
  create: (): Architecture<LlamaConfig> => ({
    modelTypes: ["llama", "mistral"],
    defaultTargets: ["query", "key", "value", "attention-output", "gate", "up", "down"],
    parseConfig,
    sites: (config) => sitesOfLayers(config.layers, gatedLayerSites(config)),
    parameters,
    ...network,
  }),
});
