import {
  type ClassifierOptions,
  classesOf,
  classifierOptions,
  classifyTokens,
  dropout,
  firstTokens,
  parameterKit,
} from "@blora/layers";
import {
  type Architecture,
  definePlugin,
  type ForwardInputs,
  type Head,
  type LinearSite,
  type ParameterSpec,
  type Plugin,
  requireLength,
} from "@blora/spec";
import { gelu, layerNorm, ops, type RotaryTables, rotary, rotaryTables, softmax, type Tensor } from "@blora/tensor";
import { type ModernBertConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N heads, D head size, F intermediate, V vocabulary, C classes.
 * Hidden states are [M, H] throughout.
 */

export type ModernBertOptions = ClassifierOptions;

type Inputs = ForwardInputs<ModernBertConfig>;

const MASKED_SCORE = 1e9;

function norm({ config, lookup }: Inputs, path: string, x: Tensor): Tensor {
  const bias = config.normBias ? lookup(`${path}.bias`) : ops.zeros([config.hiddenSize]);
  return layerNorm(x, lookup(`${path}.weight`), bias, config.normEpsilon);
}

/** What one kind of layer adds to its scores and turns its queries and keys by. */
interface Surroundings {
  /** 0 or very negative: [B, 1, T, T] */
  readonly bias: Tensor;
  readonly angles: RotaryTables;
}

/** Global layers see every token, local ones those at most a radius away; each kind has its own rotary base. */
function surroundings({ config, batch }: Inputs): Readonly<Record<"global" | "local", Surroundings>> {
  const [B, T] = batch.inputIds.shape as [number, number];
  const places = Int32Array.from({ length: T }, (_, index) => index);
  const keys = ops.reshape(batch.attentionMask, [B, 1, 1, T]);
  const distance = ops.abs(ops.sub(ops.tensor(places, [T, 1], "int32"), ops.tensor(places, [1, T], "int32")));
  const near = ops.cast(ops.lessEqual(distance, ops.scalar(config.localRadius, "int32")), "float32");
  const biasOf = (visible: Tensor): Tensor => ops.mul(ops.sub(visible, 1), MASKED_SCORE);
  const angles = (base: number): RotaryTables =>
    rotaryTables(ops.tensor(places, [1, T], "int32"), config.hiddenSize / config.heads, base);
  return {
    global: { bias: biasOf(keys), angles: angles(config.rotaryBase.global) },
    local: { bias: biasOf(ops.mul(keys, ops.reshape(near, [1, 1, T, T]))), angles: angles(config.rotaryBase.local) },
  };
}

/** Scaled dot-product self-attention over x [M, H]; queries, keys and values are one linear map. */
function attend(inputs: Inputs, path: string, x: Tensor, { bias, angles }: Surroundings): Tensor {
  const { config, linear, batch } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  const { heads: N, hiddenSize: H } = config;
  const D = H / N;
  const projected = linear(`${path}.Wqkv`, x); // [M, 3H]
  const part = (index: number): Tensor => ops.reshape(ops.slice(projected, [0, index * H], [B * T, H]), [B, T, N, D]);
  const headsFirst = (tensor: Tensor): Tensor => ops.transpose(tensor, [0, 2, 1, 3]); // [B, N, T, D]
  const query = ops.mul(headsFirst(rotary(part(0), angles)), 1 / Math.sqrt(D));
  const scores = ops.add(ops.matMul(query, headsFirst(rotary(part(1), angles)), false, true), bias); // [B, N, T, T]
  const mixed = ops.matMul(softmax(scores), headsFirst(part(2)));
  return linear(`${path}.Wo`, ops.reshape(headsFirst(mixed), [B * T, H]));
}

/** Gated feed-forward part (Shazeer, 2020): gelu of one half of a linear map, times the other. */
function feedForward({ config, linear }: Inputs, path: string, x: Tensor): Tensor {
  const { intermediateSize: F } = config;
  const widened = linear(`${path}.Wi`, x); // [M, 2F]
  const half = (index: number): Tensor => ops.slice(widened, [0, index * F], [x.shape[0]!, F]);
  return linear(`${path}.Wo`, ops.mul(gelu(half(0)), half(1)));
}

/** Each part is normalized before and added to its input. The embeddings' norm serves the first layer's attention. */
function block(inputs: Inputs, layer: number, x: Tensor, around: Surroundings): Tensor {
  const path = `model.layers.${layer}`;
  const normed = layer === 0 ? x : norm(inputs, `${path}.attn_norm`, x);
  const attended = ops.add(x, attend(inputs, `${path}.attn`, normed, around));
  return ops.add(attended, feedForward(inputs, `${path}.mlp`, norm(inputs, `${path}.mlp_norm`, attended)));
}

/** The first token's state, or the mean over all tokens: [B, H]. */
function pool({ config, batch }: Inputs, x: Tensor): Tensor {
  if (config.pooling === "cls") return firstTokens(batch, x);
  const [B, T] = batch.inputIds.shape as [number, number];
  const { hiddenSize: H } = config;
  const kept = ops.mul(ops.reshape(x, [B, T, H]), ops.reshape(batch.attentionMask, [B, T, 1]));
  return ops.div(ops.sum(kept, [1]), ops.sum(batch.attentionMask, [1], true));
}

/** What the classifier reads of states, which are those of pooled texts or of tokens: one row each. */
function prepare(inputs: Inputs, x: Tensor, share: number): Tensor {
  return dropout(inputs, norm(inputs, "head.norm", gelu(inputs.linear("head.dense", x))), share);
}

function forward(inputs: Inputs, share: number): Tensor {
  const { config, lookup, linear, batch, head } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  requireLength("modernbert", T, config.maxPositions);
  const around = surroundings(inputs);
  const words = ops.gather(lookup("model.embeddings.tok_embeddings.weight"), batch.inputIds); // [B, T, H]
  let x = norm(inputs, "model.embeddings.norm", ops.reshape(words, [B * T, config.hiddenSize]));
  for (const [layer, kind] of config.layers.entries()) x = block(inputs, layer, x, around[kind]);
  const states = norm(inputs, "model.final_norm", x);
  if (head.kind === "token-classification") return classifyTokens(inputs, "classifier", prepare(inputs, states, share));
  return linear("classifier", prepare(inputs, pool(inputs, states), share)); // [B, C]
}

// Names of the checkpoint

function sitesOfLayer(layer: number, { hiddenSize: H, intermediateSize: F }: ModernBertConfig): LinearSite[] {
  const site = (suffix: string, role: string, inFeatures: number, outFeatures: number): LinearSite => {
    return { path: `model.layers.${layer}.${suffix}`, role, inFeatures, outFeatures };
  };
  return [
    site("attn.Wqkv", "query-key-value", H, 3 * H),
    site("attn.Wo", "attention-output", H, H),
    site("mlp.Wi", "intermediate", H, 2 * F),
    site("mlp.Wo", "output", F, H),
  ];
}

function sites(config: ModernBertConfig): LinearSite[] {
  return config.layers.flatMap((_, layer) => sitesOfLayer(layer, config));
}

function parameters(config: ModernBertConfig, head: Head): ParameterSpec[] {
  const { hiddenSize: H, attentionBias, feedForwardBias, normBias, classifierBias } = config;
  const kit = parameterKit(config.initializerRange, (name) => /^(head|classifier)\./.test(name));
  const norm = (path: string) => kit.norm(path, H, normBias);
  return [
    kit.drawn("model.embeddings.tok_embeddings.weight", [config.vocabularySize, H]),
    ...norm("model.embeddings.norm"),
    ...norm("model.final_norm"),
    ...config.layers.flatMap((_, layer) => [
      ...sitesOfLayer(layer, config).flatMap(({ path, inFeatures, outFeatures }) =>
        kit.dense(path, inFeatures, outFeatures, path.includes(".attn.") ? attentionBias : feedForwardBias),
      ),
      ...(layer === 0 ? [] : norm(`model.layers.${layer}.attn_norm`)),
      ...norm(`model.layers.${layer}.mlp_norm`),
    ]),
    ...kit.dense("head.dense", H, H, classifierBias),
    ...norm("head.norm"),
    ...kit.dense("classifier", H, classesOf("modernbert", head)),
  ];
}

/** Without the `model.` prefix, as encoders are published alone. */
function aliases(name: string): string[] {
  return name.startsWith("model.") ? [name.slice("model.".length)] : [];
}

/** ModernBERT (Warner et al., 2024). Nothing inside the frozen encoder is dropped out, in training too. */
export const modernBert: Plugin<
  "architecture",
  "modernbert",
  ModernBertOptions | undefined,
  Architecture<ModernBertConfig>
> = definePlugin({
  kind: "architecture",
  id: "modernbert",
  packageName: "@blora/model-modernbert",
  optionsSchema: classifierOptions,
  create: ({ classifierDropout = 0 }: ModernBertOptions = {}) => ({
    modelTypes: ["modernbert"],
    defaultTargets: ["query-key-value", "attention-output", "intermediate", "output"],
    parseConfig,
    maxLength: (config) => config.maxPositions,
    sites,
    parameters,
    aliases,
    forward: (inputs) => forward(inputs, classifierDropout),
  }),
});
