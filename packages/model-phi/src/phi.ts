import {
  type DecoderPass,
  decoder,
  decoderParameters,
  type LayerSite,
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
import { geluTanh, layerNorm, ops, rotaryTables, type Tensor } from "@blora/tensor";
import { type PhiConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, D head size, G key and value heads, F intermediate, V vocabulary.
 * Hidden states are [M, H] throughout.
 */

type Pass = DecoderPass<PhiConfig>;

// Parameters

/** The linear maps of a layer, in forward order. */
function layerSites({ hiddenSize: H, intermediateSize: F, headSize: D, keyValueHeads: G }: PhiConfig): LayerSite[] {
  return [
    ["self_attn.q_proj", "query", H, H],
    ["self_attn.k_proj", "key", H, G * D],
    ["self_attn.v_proj", "value", H, G * D],
    ["self_attn.dense", "attention-output", H, H],
    ["mlp.fc1", "up", H, F],
    ["mlp.fc2", "down", F, H],
  ];
}

function parameters(config: PhiConfig, head: Head): ParameterSpec[] {
  const { hiddenSize: H, vocabularySize: V } = config;
  return decoderParameters("phi", config, head, {
    layer: (kit, layer) => [
      ...kit.norm(`${layer}.input_layernorm`, H),
      ...layerSites(config).flatMap(([path, , I, O]) => kit.dense(`${layer}.${path}`, I, O)),
    ],
    norm: (kit) => kit.norm("model.final_layernorm", H),
    output: (kit) => kit.dense(OUTPUT, H, V),
  });
}

/** Names in checkpoints from before Phi joined Hugging Face's library, but for `Wqkv`, which is three tensors in one. */
const OLDER: readonly (readonly [now: RegExp, older: string])[] = [
  [/^model\.embed_tokens\./, "transformer.embd.wte."],
  [/^model\.layers\.(\d+)\.input_layernorm\./, "transformer.h.$1.ln."],
  [/^model\.layers\.(\d+)\.self_attn\.dense\./, "transformer.h.$1.mixer.out_proj."],
  [/^model\.layers\.(\d+)\.mlp\./, "transformer.h.$1.mlp."],
  [/^model\.final_layernorm\./, "lm_head.ln."],
  [/^lm_head\./, "lm_head.linear."],
];

function aliases(name: string): string[] {
  return OLDER.flatMap(([now, older]) => (now.test(name) ? [name.replace(now, older)] : []));
}

// Layers

function norm({ config, lookup }: Pass, path: string, x: Tensor): Tensor {
  return layerNorm(x, lookup(`${path}.weight`), lookup(`${path}.bias`), config.layerNormEpsilon);
}

function attend(pass: Pass, index: number, x: Tensor): Tensor {
  const path = `${layerPath(index)}.self_attn`;
  return pass.linear(`${path}.dense`, selfAttention(pass, index, path, x));
}

function feedForward({ linear }: Pass, path: string, x: Tensor): Tensor {
  return linear(`${path}.fc2`, geluTanh(linear(`${path}.fc1`, x)));
}

/** Attention and the feed-forward part side by side, both of the same normalized input. */
function block(pass: Pass, index: number, x: Tensor): Tensor {
  const path = layerPath(index);
  const normalized = norm(pass, `${path}.input_layernorm`, x);
  return ops.addN([attend(pass, index, normalized), feedForward(pass, `${path}.mlp`, normalized), x]);
}

// Model and heads

const network = decoder<PhiConfig>({
  name: "phi",
  angles: ({ rotarySize, rotaryBase }, positions) => rotaryTables(positions, rotarySize, rotaryBase),
  block,
  norm: (pass, x) => norm(pass, "model.final_layernorm", x),
  unembedding: () => ({ weight: `${OUTPUT}.weight`, bias: `${OUTPUT}.bias` }),
});

/** Phi-1, Phi-1.5 and Phi-2. Nothing is dropped out, in training too. */
export const phi: Plugin<"architecture", "phi", NoOptions, Architecture<PhiConfig>> = definePlugin({
  kind: "architecture",
  id: "phi",
  packageName: "@blora/model-phi",
  optionsSchema: noOptions,
  create: (): Architecture<PhiConfig> => ({
    modelTypes: ["phi"],
    defaultTargets: ["query", "key", "value", "attention-output", "up", "down"],
    parseConfig,
    sites: (config) => sitesOfLayers(config.layers, layerSites(config)),
    parameters,
    ...network,
    aliases,
  }),
});
