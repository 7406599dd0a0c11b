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
import { gelu, layerNorm, ops, type Shape, softmax, type Tensor } from "@blora/tensor";
import { z } from "zod";
import { type BertConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N heads, D head size, F intermediate, V vocabulary, C classes.
 * Hidden states are [M, H] throughout.
 */

export interface BertOptions {
  /** Dropout of the pooled state before the classifier while training, from 0 to below 1. Default 0. */
  readonly classifierDropout?: number | undefined;
}

const optionsSchema = z.strictObject({ classifierDropout: z.number().min(0).lt(1).optional() }).optional();

type Inputs = ForwardInputs<BertConfig>;

const MASKED_SCORE = -1e9;
const activations = { gelu, relu: ops.relu } as const;

function norm({ config, lookup }: Inputs, path: string, x: Tensor): Tensor {
  return layerNorm(x, lookup(`${path}.weight`), lookup(`${path}.bias`), config.layerNormEpsilon);
}

/** Sum of word, position and segment embeddings: [M, H]. */
function embed(inputs: Inputs): Tensor {
  const { config, lookup, batch } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  const H = config.hiddenSize;
  const table = (name: string): Tensor => lookup(`bert.embeddings.${name}_embeddings.weight`);
  const words = ops.gather(table("word"), batch.inputIds); // [B, T, H]
  const positions = ops.slice(table("position"), [0, 0], [T, H]); // [T, H]
  const segments = ops.gather(table("token_type"), batch.tokenTypeIds ?? ops.zeros([B, T], "int32"));
  return norm(
    inputs,
    "bert.embeddings.LayerNorm",
    ops.reshape(ops.add(ops.add(words, segments), positions), [B * T, H]),
  );
}

/** Scaled dot-product self-attention over x [M, H]. */
function attend({ config, linear, batch }: Inputs, path: string, x: Tensor): Tensor {
  const [B, T] = batch.inputIds.shape as [number, number];
  const { heads: N, hiddenSize: H } = config;
  const D = H / N;
  const project = (name: string): Tensor =>
    ops.transpose(ops.reshape(linear(`${path}.${name}`, x), [B, T, N, D]), [0, 2, 1, 3]); // [B, N, T, D]
  const query = ops.mul(project("query"), 1 / Math.sqrt(D));
  const keyBias = ops.mul(ops.sub(1, ops.reshape(batch.attentionMask, [B, 1, 1, T])), MASKED_SCORE);
  const scores = ops.add(ops.matMul(query, project("key"), false, true), keyBias); // [B, N, T, T]
  const mixed = ops.matMul(softmax(scores), project("value"));
  return ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [B * T, H]);
}

/** Attention, then the feed-forward part, each added to its input and normalized afterwards. */
function block(inputs: Inputs, path: string, x: Tensor): Tensor {
  const { linear, config } = inputs;
  const attended = linear(`${path}.attention.output.dense`, attend(inputs, `${path}.attention.self`, x));
  const y = norm(inputs, `${path}.attention.output.LayerNorm`, ops.add(attended, x));
  const widened = activations[config.activation](linear(`${path}.intermediate.dense`, y)); // [M, F]
  return norm(inputs, `${path}.output.LayerNorm`, ops.add(linear(`${path}.output.dense`, widened), y));
}

/** Leaves out a share of the units a classifier reads, in training only. */
function drop({ context }: Inputs, x: Tensor, dropout: number): Tensor {
  if (dropout === 0 || context.mode !== "train") return x;
  const kept = ops.step(ops.sub(context.uniform("classifier/dropout", x.shape), dropout));
  return ops.mul(x, ops.mul(kept, 1 / (1 - dropout)));
}

/** Logits of the first token's pooled state: [B, C]. */
function classify(inputs: Inputs, x: Tensor, dropout: number): Tensor {
  const { config, linear, batch } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  const { hiddenSize: H } = config;
  const first = ops.reshape(ops.slice(ops.reshape(x, [B, T, H]), [0, 0, 0], [B, 1, H]), [B, H]);
  return linear("classifier", drop(inputs, ops.tanh(linear("bert.pooler.dense", first)), dropout));
}

/** Logits of every token: [B, T, C]. */
function classifyTokens(inputs: Inputs, x: Tensor, dropout: number): Tensor {
  const logits = inputs.linear("classifier", drop(inputs, x, dropout)); // [M, C]
  return ops.reshape(logits, [...inputs.batch.inputIds.shape, logits.shape[1]!]);
}

function forward(inputs: Inputs, dropout: number): Tensor {
  const { config, batch } = inputs;
  requireLength("bert", batch.inputIds.shape[1]!, config.maxPositions);
  let x = embed(inputs);
  for (let index = 0; index < config.layers; index++) x = block(inputs, `bert.encoder.layer.${index}`, x);
  const answer = inputs.head.kind === "token-classification" ? classifyTokens : classify;
  return answer(inputs, x, dropout);
}

// Names of the checkpoint

function sitesOfLayer(index: number, { hiddenSize: H, intermediateSize: F }: BertConfig): LinearSite[] {
  const site = (suffix: string, role: string, inFeatures: number, outFeatures: number): LinearSite => {
    return { path: `bert.encoder.layer.${index}.${suffix}`, role, inFeatures, outFeatures };
  };
  return [
    site("attention.self.query", "query", H, H),
    site("attention.self.key", "key", H, H),
    site("attention.self.value", "value", H, H),
    site("attention.output.dense", "attention-output", H, H),
    site("intermediate.dense", "intermediate", H, F),
    site("output.dense", "output", F, H),
  ];
}

function sites(config: BertConfig): LinearSite[] {
  return Array.from({ length: config.layers }, (_, index) => sitesOfLayer(index, config)).flat();
}

function parameters(config: BertConfig, head: Head): ParameterSpec[] {
  const { hiddenSize: H } = config;
  const spec = (name: string, shape: Shape, kind: "normal" | "zeros" | "ones"): ParameterSpec => ({
    name,
    shape,
    // A checkpoint without a pooler is as good: it is trained with the classifier.
    role: /^(bert\.pooler|classifier)\./.test(name) ? "head" : "base",
    init: kind === "normal" ? { kind, standardDeviation: config.initializerRange } : { kind },
  });
  const table = (name: string, rows: number) => spec(`bert.embeddings.${name}_embeddings.weight`, [rows, H], "normal");
  const dense = (path: string, I: number, O: number) => [
    spec(`${path}.weight`, [O, I], "normal"),
    spec(`${path}.bias`, [O], "zeros"),
  ];
  const layerNorms = (...paths: string[]) =>
    paths.flatMap((path) => [spec(`${path}.weight`, [H], "ones"), spec(`${path}.bias`, [H], "zeros")]);
  return [
    table("word", config.vocabularySize),
    table("position", config.maxPositions),
    table("token_type", config.tokenTypes),
    ...layerNorms("bert.embeddings.LayerNorm"),
    ...Array.from({ length: config.layers }, (_, index) => [
      ...sitesOfLayer(index, config).flatMap((site) => dense(site.path, site.inFeatures, site.outFeatures)),
      ...layerNorms(
        `bert.encoder.layer.${index}.attention.output.LayerNorm`,
        `bert.encoder.layer.${index}.output.LayerNorm`,
      ),
    ]).flat(),
    ...(head.kind === "token-classification" ? [] : dense("bert.pooler.dense", H, H)),
    ...dense("classifier", H, classesOf(head)),
  ];
}

function classesOf(head: Head): number {
  requireHead("bert", head, "classification", "regression", "token-classification");
  return head.kind === "regression" ? 1 : head.labels.length;
}

/** Without the `bert.` prefix, as encoders are published alone, and with TensorFlow's names for layer norms. */
function aliases(name: string): string[] {
  const names = name.startsWith("bert.") ? [name, name.slice("bert.".length)] : [name];
  const older = (other: string): string =>
    other.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta");
  return [...new Set([...names, ...names.map(older)])].slice(1);
}

/** BERT (Devlin et al., 2019). Nothing inside the frozen encoder is dropped out, in training too. */
export const bert: Plugin<"architecture", "bert", BertOptions | undefined, Architecture<BertConfig>> = definePlugin({
  kind: "architecture",
  id: "bert",
  packageName: "@blora/model-bert",
  optionsSchema,
  create: ({ classifierDropout = 0 }: BertOptions = {}) => ({
    modelTypes: ["bert"],
    defaultTargets: ["query", "key", "value", "attention-output", "intermediate", "output"],
    parseConfig,
    maxLength: (config) => config.maxPositions,
    sites,
    parameters,
    aliases,
    forward: (inputs) => forward(inputs, classifierDropout),
  }),
});
