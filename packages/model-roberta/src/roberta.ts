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
import { parseConfig, type RobertaConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N heads, D head size, F intermediate, V vocabulary, C classes.
 * Hidden states are [M, H] throughout.
 */

export interface RobertaOptions {
  /** Dropout before both maps of the classifier while training, from 0 to below 1. Default 0. */
  readonly classifierDropout?: number | undefined;
}

const optionsSchema = z.strictObject({ classifierDropout: z.number().min(0).lt(1).optional() }).optional();

type Inputs = ForwardInputs<RobertaConfig>;

const MASKED_SCORE = -1e9;
const activations = { gelu, relu: ops.relu } as const;

function norm({ config, lookup }: Inputs, path: string, x: Tensor): Tensor {
  return layerNorm(x, lookup(`${path}.weight`), lookup(`${path}.bias`), config.layerNormEpsilon);
}

/** Sum of word, position and segment embeddings: [M, H]. Positions begin after that of padding, segments are all 0. */
function embed(inputs: Inputs): Tensor {
  const { config, lookup, batch } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  const H = config.hiddenSize;
  const table = (name: string): Tensor => lookup(`roberta.embeddings.${name}_embeddings.weight`);
  const words = ops.gather(table("word"), batch.inputIds); // [B, T, H]
  const positions = ops.slice(table("position"), [config.padId + 1, 0], [T, H]); // [T, H]
  const segment = ops.slice(table("token_type"), [0, 0], [1, H]); // [1, H]
  return norm(
    inputs,
    "roberta.embeddings.LayerNorm",
    ops.reshape(ops.add(words, ops.add(positions, segment)), [B * T, H]),
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
function drop({ context }: Inputs, x: Tensor, path: string, dropout: number): Tensor {
  if (dropout === 0 || context.mode !== "train") return x;
  const kept = ops.step(ops.sub(context.uniform(path, x.shape), dropout));
  return ops.mul(x, ops.mul(kept, 1 / (1 - dropout)));
}

/** Logits of the first token's state: [B, C]. */
function classify(inputs: Inputs, x: Tensor, dropout: number): Tensor {
  const { config, linear, batch } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  const { hiddenSize: H } = config;
  const first = ops.reshape(ops.slice(ops.reshape(x, [B, T, H]), [0, 0, 0], [B, 1, H]), [B, H]);
  const dense = ops.tanh(linear("classifier.dense", drop(inputs, first, "classifier/dropout/first", dropout)));
  return linear("classifier.out_proj", drop(inputs, dense, "classifier/dropout/dense", dropout));
}

/** Logits of every token: [B, T, C]. */
function classifyTokens(inputs: Inputs, x: Tensor, dropout: number): Tensor {
  const logits = inputs.linear("classifier", drop(inputs, x, "classifier/dropout", dropout)); // [M, C]
  return ops.reshape(logits, [...inputs.batch.inputIds.shape, logits.shape[1]!]);
}

function forward(inputs: Inputs, dropout: number): Tensor {
  const { config, batch } = inputs;
  const T = batch.inputIds.shape[1]!;
  requireLength("roberta", T, config.maxPositions);
  let x = embed(inputs);
  for (let index = 0; index < config.layers; index++) x = block(inputs, `roberta.encoder.layer.${index}`, x);
  const answer = inputs.head.kind === "token-classification" ? classifyTokens : classify;
  return answer(inputs, x, dropout);
}

// Names of the checkpoint

function sitesOfLayer(index: number, { hiddenSize: H, intermediateSize: F }: RobertaConfig): LinearSite[] {
  const site = (suffix: string, role: string, inFeatures: number, outFeatures: number): LinearSite => {
    return { path: `roberta.encoder.layer.${index}.${suffix}`, role, inFeatures, outFeatures };
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

function sites(config: RobertaConfig): LinearSite[] {
  return Array.from({ length: config.layers }, (_, index) => sitesOfLayer(index, config)).flat();
}

function parameters(config: RobertaConfig, head: Head): ParameterSpec[] {
  const { hiddenSize: H } = config;
  const spec = (name: string, shape: Shape, kind: "normal" | "zeros" | "ones"): ParameterSpec => ({
    name,
    shape,
    role: name.startsWith("classifier.") ? "head" : "base",
    init: kind === "normal" ? { kind, standardDeviation: config.initializerRange } : { kind },
  });
  const table = (name: string, rows: number) =>
    spec(`roberta.embeddings.${name}_embeddings.weight`, [rows, H], "normal");
  const dense = (path: string, I: number, O: number) => [
    spec(`${path}.weight`, [O, I], "normal"),
    spec(`${path}.bias`, [O], "zeros"),
  ];
  const layerNorms = (...paths: string[]) =>
    paths.flatMap((path) => [spec(`${path}.weight`, [H], "ones"), spec(`${path}.bias`, [H], "zeros")]);
  return [
    table("word", config.vocabularySize),
    table("position", config.padId + 1 + config.maxPositions),
    table("token_type", config.tokenTypes),
    ...layerNorms("roberta.embeddings.LayerNorm"),
    ...Array.from({ length: config.layers }, (_, index) => [
      ...sitesOfLayer(index, config).flatMap((site) => dense(site.path, site.inFeatures, site.outFeatures)),
      ...layerNorms(
        `roberta.encoder.layer.${index}.attention.output.LayerNorm`,
        `roberta.encoder.layer.${index}.output.LayerNorm`,
      ),
    ]).flat(),
    ...(head.kind === "token-classification"
      ? dense("classifier", H, classesOf(head))
      : [...dense("classifier.dense", H, H), ...dense("classifier.out_proj", H, classesOf(head))]),
  ];
}

function classesOf(head: Head): number {
  requireHead("roberta", head, "classification", "regression", "token-classification");
  return head.kind === "regression" ? 1 : head.labels.length;
}

/** Without the `roberta.` prefix, as encoders are published alone. */
function aliases(name: string): string[] {
  return name.startsWith("roberta.") ? [name.slice("roberta.".length)] : [];
}

/**
 * RoBERTa (Liu et al., 2019) and XLM-RoBERTa (Conneau et al., 2020). Nothing inside the frozen encoder is dropped out,
 * in training too.
 */
export const roberta: Plugin<
  "architecture",
  "roberta",
  RobertaOptions | undefined,
  Architecture<RobertaConfig>
> = definePlugin({
  kind: "architecture",
  id: "roberta",
  packageName: "@blora/model-roberta",
  optionsSchema,
  create: ({ classifierDropout = 0 }: RobertaOptions = {}) => ({
    modelTypes: ["roberta", "xlm-roberta", "camembert"],
    defaultTargets: ["query", "key", "value", "attention-output", "intermediate", "output"],
    parseConfig,
    maxLength: (config) => config.maxPositions,
    sites,
    parameters,
    aliases,
    forward: (inputs) => forward(inputs, classifierDropout),
  }),
});
