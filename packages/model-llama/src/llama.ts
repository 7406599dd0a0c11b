import {
  type Architecture,
  definePlugin,
  type ForwardInputs,
  type Head,
  type LanguageModel,
  type LinearSite,
  type NoOptions,
  noOptions,
  type ParameterSpec,
  type Plugin,
  requireHead,
  requireLength,
  requirePositions,
} from "@blora/spec";
import {
  causalAttention,
  causalBias,
  frozenLinear,
  ops,
  type RotaryTables,
  rmsNorm,
  rotary,
  rotaryTables,
  type Shape,
  siluGate,
  type Tensor,
} from "@blora/tensor";
import { type LlamaConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N query heads, G key and value heads, D head size, F intermediate,
 * V vocabulary, P predicted positions. Hidden states are [M, H] throughout.
 */

const EMBEDDING = "model.embed_tokens.weight";
const OUTPUT = "lm_head.weight";
const layerPath = (index: number): string => `model.layers.${index}`;

/** What every block of one forward pass needs. */
interface Pass extends ForwardInputs<LlamaConfig> {
  readonly B: number;
  readonly T: number;
  readonly angles: RotaryTables;
  /** [B, 1, T, tokens before the batch + T] */
  readonly bias: Tensor;
}

function norm({ config, lookup }: Pick<Pass, "config" | "lookup">, path: string, x: Tensor): Tensor {
  return rmsNorm(x, lookup(`${path}.weight`), config.normEpsilon);
}

/** Causal self-attention over x [M, H], N query heads sharing G heads of keys and values: [M, N·D]. */
function attend(pass: Pass, index: number, x: Tensor): Tensor {
  const { config, linear, angles, bias, past, onKeyValues, B, T } = pass;
  const { heads: N, keyValueHeads: G, headSize: D } = config;
  const path = `${layerPath(index)}.self_attn`;
  const project = (name: string, heads: number): Tensor =>
    ops.reshape(linear(`${path}.${name}_proj`, x), [B, T, heads, D]);
  return causalAttention(rotary(project("q", N), angles), rotary(project("k", G), angles), project("v", G), {
    bias,
    past: past?.layers[index],
    onKeyValues: (keys, values) => onKeyValues?.(index, keys, values),
  });
}

/** Attention, then the feed-forward part, each of a normalized input and added to it. */
function block(pass: Pass, index: number, x: Tensor): Tensor {
  const { linear } = pass;
  const path = layerPath(index);
  const attended = linear(`${path}.self_attn.o_proj`, attend(pass, index, norm(pass, `${path}.input_layernorm`, x)));
  const y = ops.add(x, attended);
  const normalized = norm(pass, `${path}.post_attention_layernorm`, y);
  const widened = siluGate(linear(`${path}.mlp.gate_proj`, normalized), linear(`${path}.mlp.up_proj`, normalized)); // [M, F]
  return ops.add(y, linear(`${path}.mlp.down_proj`, widened));
}

/** States after the last norm: [M, H]. */
function hidden(inputs: ForwardInputs<LlamaConfig>): Tensor {
  const { config, lookup, batch, past } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  requireLength("llama", T, config.maxPositions);
  const places = Int32Array.from({ length: T }, (_, place) => place);
  const positions = batch.positionIds ?? ops.tensor(places, [1, T], "int32");
  const pass: Pass = {
    ...inputs,
    B,
    T,
    angles: rotaryTables(positions, config.headSize, config.rotaryBase, config.rescaleFrequency),
    bias: causalBias({ ...batch, pastMask: past?.mask }),
  };
  let x = ops.gather(lookup(EMBEDDING), ops.reshape(batch.inputIds, [B * T]));
  for (let index = 0; index < config.layers; index++) x = block(pass, index, x);
  return norm(pass, "model.norm", x);
}

const languageModel: LanguageModel<LlamaConfig> = {
  hidden,
  unembedding: ({ tiedEmbeddings }) => ({ weight: tiedEmbeddings ? EMBEDDING : OUTPUT }),
  cache: ({ layers, keyValueHeads, headSize }) => ({ layers, heads: keyValueHeads, headSize }),
};

/** Logits of the next token at the predicted positions: [P, V]. */
function forward(inputs: ForwardInputs<LlamaConfig>): Tensor {
  const { config, lookup, batch, head } = inputs;
  requireHead("llama", head, "language-model");
  const states = ops.gather(hidden(inputs), requirePositions("llama", head, batch)); // [P, H]
  return frozenLinear(states, lookup(languageModel.unembedding(config).weight));
}

// Names of the checkpoint

function sitesOfLayer(index: number, config: LlamaConfig): LinearSite[] {
  const { hiddenSize: H, intermediateSize: F, heads: N, keyValueHeads: G, headSize: D } = config;
  const site = (suffix: string, role: string, inFeatures: number, outFeatures: number): LinearSite => {
    return { path: `${layerPath(index)}.${suffix}`, role, inFeatures, outFeatures };
  };
  return [
    site("self_attn.q_proj", "query", H, N * D),
    site("self_attn.k_proj", "key", H, G * D),
    site("self_attn.v_proj", "value", H, G * D),
    site("self_attn.o_proj", "attention-output", N * D, H),
    site("mlp.gate_proj", "gate", H, F),
    site("mlp.up_proj", "up", H, F),
    site("mlp.down_proj", "down", F, H),
  ];
}

function sites(config: LlamaConfig): LinearSite[] {
  return Array.from({ length: config.layers }, (_, index) => sitesOfLayer(index, config)).flat();
}

function parameters(config: LlamaConfig, head: Head): ParameterSpec[] {
  requireHead("llama", head, "language-model");
  const { hiddenSize: H, vocabularySize: V } = config;
  const normal = { kind: "normal", standardDeviation: config.initializerRange } as const;
  const spec = (name: string, shape: Shape, init: ParameterSpec["init"] = normal): ParameterSpec => {
    return { name, shape, role: "base", init };
  };
  const scale = (path: string, size: number) => spec(`${path}.weight`, [size], { kind: "ones" });
  const dense = ({ path, role, inFeatures, outFeatures }: LinearSite): ParameterSpec[] => {
    const isBiased = ["gate", "up", "down"].includes(role) ? config.feedForwardBias : config.attentionBias;
    const weight = spec(`${path}.weight`, [outFeatures, inFeatures]);
    return isBiased ? [weight, spec(`${path}.bias`, [outFeatures], { kind: "zeros" })] : [weight];
  };
  const layer = (index: number): ParameterSpec[] => {
    const path = layerPath(index);
    return [
      scale(`${path}.input_layernorm`, H),
      ...sitesOfLayer(index, config).flatMap(dense),
      scale(`${path}.post_attention_layernorm`, H),
    ];
  };
  return [
    spec(EMBEDDING, [V, H]),
    ...Array.from({ length: config.layers }, (_, index) => layer(index)).flat(),
    scale("model.norm", H),
    ...(config.tiedEmbeddings ? [] : [spec(OUTPUT, [V, H])]),
  ];
}

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
    maxLength: (config) => config.maxPositions,
    sites,
    parameters,
    // Models saved without their head lack the prefix.
    aliases: (name) => (name.startsWith("model.") ? [name.slice("model.".length)] : []),
    languageModel,
    forward,
  }),
});
