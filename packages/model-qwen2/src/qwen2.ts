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
import { parseConfig, type Qwen2Config } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, D head size, V vocabulary. Hidden states are [M, H] throughout.
 */

type Pass = DecoderPass<Qwen2Config>;

// Parameters

function parameters(config: Qwen2Config, head: Head): ParameterSpec[] {
  const { hiddenSize: H, vocabularySize: V, headSize: D } = config;
  return decoderParameters("qwen2", config, head, {
    layer: (kit, layer) => [
      ...kit.norm(`${layer}.input_layernorm`, H, false),
      ...gatedLayerSites(config).flatMap(([path, role, I, O]) =>
        kit.dense(`${layer}.${path}`, I, O, config.attentionBias.includes(role)),
      ),
      ...(config.queryKeyNorms ? ["q_norm", "k_norm"] : []).flatMap((name) =>
        kit.norm(`${layer}.self_attn.${name}`, D, false),
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
  const { headSize: D, queryKeyNorms } = pass.config;
  const path = `${layerPath(index)}.self_attn`;
  const attended = selfAttention(pass, index, path, x, (name, heads) =>
    queryKeyNorms ? ops.reshape(norm(pass, `${path}.${name}_norm`, ops.reshape(heads, [-1, D])), heads.shape) : heads,
  );
  return pass.linear(`${path}.o_proj`, attended);
}

/** Attention, then the feed-forward part, each of a normalized input and added to it. */
function block(pass: Pass, index: number, x: Tensor): Tensor {
  const path = layerPath(index);
  const y = ops.add(x, attend(pass, index, norm(pass, `${path}.input_layernorm`, x)));
  return ops.add(y, gatedFeedForward(pass, `${path}.mlp`, norm(pass, `${path}.post_attention_layernorm`, y)));
}

// Model and heads

const network = decoder<Qwen2Config>({
  name: "qwen2",
  angles: ({ headSize, rotaryBase }, positions) => rotaryTables(positions, headSize, rotaryBase),
  block,
  norm: (pass, x) => norm(pass, "model.norm", x),
  unembedding: ({ tiedEmbeddings }) => ({ weight: tiedEmbeddings ? EMBEDDING : `${OUTPUT}.weight` }),
});

/** Qwen1.5, Qwen2, Qwen2.5 and, with its norms of queries and keys, Qwen3. */
export const qwen2: Plugin<"architecture", "qwen2", NoOptions, Architecture<Qwen2Config>> = definePlugin({
  kind: "architecture",
  id: "qwen2",
  packageName: "@blora/model-qwen2",
  optionsSchema: noOptions,
  create: (): Architecture<Qwen2Config> => ({
    modelTypes: ["qwen2", "qwen3"],
    defaultTargets: ["query", "key", "value", "attention-output", "gate", "up", "down"],
    parseConfig,
    sites: (config) => sitesOfLayers(config.layers, gatedLayerSites(config)),
    parameters,
    ...network,
  }),
});
