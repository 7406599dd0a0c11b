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
  geluTanh,
  layerNorm,
  ops,
  type RotaryTables,
  rotary,
  rotaryTables,
  type Shape,
  type Tensor,
} from "@blora/tensor";
import { type PhiConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N query heads, G key and value heads, D head size, F intermediate,
 * V vocabulary, P predicted positions. Hidden states are [M, H] throughout.
 */

const EMBEDDING = "model.embed_tokens.weight";
const OUTPUT = "lm_head";
const layerPath = (index: number): string => `model.layers.${index}`;

/** What every block of one forward pass needs. */
interface Pass extends ForwardInputs<PhiConfig> {
  readonly B: number;
  readonly T: number;
  readonly angles: RotaryTables;
  /** [B, 1, T, tokens before the batch + T] */
  readonly bias: Tensor;
}

function norm({ config, lookup }: Pick<Pass, "config" | "lookup">, path: string, x: Tensor): Tensor {
  return layerNorm(x, lookup(`${path}.weight`), lookup(`${path}.bias`), config.layerNormEpsilon);
}

/** Causal self-attention over x [M, H], N query heads sharing G heads of keys and values: [M, H]. */
function attend({ config, linear, angles, bias, past, onKeyValues, B, T }: Pass, index: number, x: Tensor): Tensor {
  const { heads: N, keyValueHeads: G, hiddenSize: H } = config;
  const project = (name: string, heads: number): Tensor =>
    ops.reshape(linear(`${layerPath(index)}.self_attn.${name}_proj`, x), [B, T, heads, H / N]);
  return causalAttention(rotary(project("q", N), angles), rotary(project("k", G), angles), project("v", G), {
    bias,
    past: past?.layers[index],
    onKeyValues: (keys, values) => onKeyValues?.(index, keys, values),
  });
}

/** Attention and the feed-forward part side by side, both of the same normalized input. */
function block(pass: Pass, index: number, x: Tensor): Tensor {
  const { linear } = pass;
  const path = layerPath(index);
  const normalized = norm(pass, `${path}.input_layernorm`, x);
  const attended = linear(`${path}.self_attn.dense`, attend(pass, index, normalized));
  const widened = geluTanh(linear(`${path}.mlp.fc1`, normalized)); // [M, F]
  return ops.addN([attended, linear(`${path}.mlp.fc2`, widened), x]);
}

/** States after the last norm: [M, H]. */
function hidden(inputs: ForwardInputs<PhiConfig>): Tensor {
  const { config, lookup, batch, past } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  requireLength("phi", T, config.maxPositions);
  const places = Int32Array.from({ length: T }, (_, place) => place);
  const positions = batch.positionIds ?? ops.tensor(places, [1, T], "int32");
  const pass: Pass = {
    ...inputs,
    B,
    T,
    angles: rotaryTables(positions, config.rotarySize, config.rotaryBase),
    bias: causalBias({ ...batch, pastMask: past?.mask }),
  };
  let x = ops.gather(lookup(EMBEDDING), ops.reshape(batch.inputIds, [B * T]));
  for (let index = 0; index < config.layers; index++) x = block(pass, index, x);
  return norm(pass, "model.final_layernorm", x);
}

const languageModel: LanguageModel<PhiConfig> = {
  hidden,
  unembedding: () => ({ weight: `${OUTPUT}.weight`, bias: `${OUTPUT}.bias` }),
  cache: ({ layers, keyValueHeads, hiddenSize, heads }) => {
    return { layers, heads: keyValueHeads, headSize: hiddenSize / heads };
  },
};

/** Logits of the next token at the predicted positions: [P, V]. */
function forward(inputs: ForwardInputs<PhiConfig>): Tensor {
  const { lookup, batch, head } = inputs;
  requireHead("phi", head, "language-model");
  const states = ops.gather(hidden(inputs), requirePositions("phi", head, batch)); // [P, H]
  return frozenLinear(states, lookup(`${OUTPUT}.weight`), lookup(`${OUTPUT}.bias`));
}

// Names of the checkpoint

function sitesOfLayer(index: number, config: PhiConfig): LinearSite[] {
  const { hiddenSize: H, intermediateSize: F, heads: N, keyValueHeads: G } = config;
  const keyValueSize = (H / N) * G;
  const site = (suffix: string, role: string, inFeatures: number, outFeatures: number): LinearSite => {
    return { path: `${layerPath(index)}.${suffix}`, role, inFeatures, outFeatures };
  };
  return [
    site("self_attn.q_proj", "query", H, H),
    site("self_attn.k_proj", "key", H, keyValueSize),
    site("self_attn.v_proj", "value", H, keyValueSize),
    site("self_attn.dense", "attention-output", H, H),
    site("mlp.fc1", "up", H, F),
    site("mlp.fc2", "down", F, H),
  ];
}

function sites(config: PhiConfig): LinearSite[] {
  return Array.from({ length: config.layers }, (_, index) => sitesOfLayer(index, config)).flat();
}

function parameters(config: PhiConfig, head: Head): ParameterSpec[] {
  requireHead("phi", head, "language-model");
  const { hiddenSize: H, vocabularySize: V } = config;
  const normal = { kind: "normal", standardDeviation: config.initializerRange } as const;
  const spec = (name: string, shape: Shape, init: ParameterSpec["init"] = normal): ParameterSpec => {
    return { name, shape, role: "base", init };
  };
  const biased = (path: string, shape: Shape, init?: ParameterSpec["init"]): ParameterSpec[] => {
    return [spec(`${path}.weight`, shape, init), spec(`${path}.bias`, [shape[0]!], { kind: "zeros" })];
  };
  const layer = (index: number): ParameterSpec[] => [
    ...biased(`${layerPath(index)}.input_layernorm`, [H], { kind: "ones" }),
    ...sitesOfLayer(index, config).flatMap((site) => biased(site.path, [site.outFeatures, site.inFeatures])),
  ];
  return [
    spec(EMBEDDING, [V, H]),
    ...Array.from({ length: config.layers }, (_, index) => layer(index)).flat(),
    ...biased("model.final_layernorm", [H], { kind: "ones" }),
    ...biased(OUTPUT, [V, H]),
  ];
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
    maxLength: (config) => config.maxPositions,
    sites,
    parameters,
    aliases,
    languageModel,
    forward,
  }),
});
