import {
  type Architecture,
  definePlugin,
  type ForwardInputs,
  type Head,
  type LinearSite,
  type ParameterSpec,
  type Plugin,
  requireHead,
  requireLength,
} from "@blora/spec";
import {
  gelu,
  layerNorm,
  ops,
  type RotaryTables,
  rotary,
  rotaryTables,
  type Shape,
  softmax,
  type Tensor,
} from "@blora/tensor";
import { z } from "zod";
import { type ModernBertConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N heads, D head size, F intermediate, V vocabulary, C classes.
 * Hidden states are [M, H] throughout.
 */

export interface ModernBertOptions {
  /** Dropout before the classifier while training, from 0 to below 1. Default 0. */
  readonly classifierDropout?: number | undefined;
}

const optionsSchema = z.strictObject({ classifierDropout: z.number().min(0).lt(1).optional() }).optional();

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
  const [B, T] = batch.inputIds.shape as [number, number];
  const { hiddenSize: H } = config;
  const states = ops.reshape(x, [B, T, H]);
  if (config.pooling === "cls") return ops.reshape(ops.slice(states, [0, 0, 0], [B, 1, H]), [B, H]);
  const kept = ops.mul(states, ops.reshape(batch.attentionMask, [B, T, 1]));
  return ops.div(ops.sum(kept, [1]), ops.sum(batch.attentionMask, [1], true));
}

/** Logits of states, which are those of pooled texts or of tokens: one row each. */
function classify(inputs: Inputs, x: Tensor, dropout: number): Tensor {
  const { linear, context } = inputs;
  let state = norm(inputs, "head.norm", gelu(linear("head.dense", x)));
  if (dropout > 0 && context.mode === "train") {
    const kept = ops.step(ops.sub(context.uniform("classifier/dropout", state.shape), dropout));
    state = ops.mul(state, ops.mul(kept, 1 / (1 - dropout)));
  }
  return linear("classifier", state);
}

function forward(inputs: Inputs, dropout: number): Tensor {
  const { config, lookup, batch, head } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  requireLength("modernbert", T, config.maxPositions);
  const around = surroundings(inputs);
  const words = ops.gather(lookup("model.embeddings.tok_embeddings.weight"), batch.inputIds); // [B, T, H]
  let x = norm(inputs, "model.embeddings.norm", ops.reshape(words, [B * T, config.hiddenSize]));
  for (const [layer, kind] of config.layers.entries()) x = block(inputs, layer, x, around[kind]);
  const states = norm(inputs, "model.final_norm", x);
  if (head.kind !== "token-classification") return classify(inputs, pool(inputs, states), dropout); // [B, C]
  return ops.reshape(classify(inputs, states, dropout), [B, T, head.labels.length]);
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
  const { hiddenSize: H, attentionBias, feedForwardBias, normBias } = config;
  const spec = (name: string, shape: Shape, kind: "normal" | "zeros" | "ones"): ParameterSpec => ({
    name,
    shape,
    role: /^(head|classifier)\./.test(name) ? "head" : "base",
    init: kind === "normal" ? { kind, standardDeviation: config.initializerRange } : { kind },
  });
  const dense = (path: string, I: number, O: number, bias: boolean) => [
    spec(`${path}.weight`, [O, I], "normal"),
    ...(bias ? [spec(`${path}.bias`, [O], "zeros")] : []),
  ];
  const layerNorms = (...paths: string[]) =>
    paths.flatMap((path) => [
      spec(`${path}.weight`, [H], "ones"),
      ...(normBias ? [spec(`${path}.bias`, [H], "zeros")] : []),
    ]);
  return [
    spec("model.embeddings.tok_embeddings.weight", [config.vocabularySize, H], "normal"),
    ...layerNorms("model.embeddings.norm", "model.final_norm"),
    ...config.layers.flatMap((_, layer) => [
      ...sitesOfLayer(layer, config).flatMap(({ path, inFeatures, outFeatures }) =>
        dense(path, inFeatures, outFeatures, path.includes(".attn.") ? attentionBias : feedForwardBias),
      ),
      ...layerNorms(...(layer === 0 ? [] : [`model.layers.${layer}.attn_norm`]), `model.layers.${layer}.mlp_norm`),
    ]),
    ...dense("head.dense", H, H, config.classifierBias),
    ...layerNorms("head.norm"),
    ...dense("classifier", H, classesOf(head), true),
  ];
}

function classesOf(head: Head): number {
  requireHead("modernbert", head, "classification", "regression", "token-classification");
  return head.kind === "regression" ? 1 : head.labels.length;
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
  optionsSchema,
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
