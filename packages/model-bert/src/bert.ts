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
import { gelu, layerNorm, ops, softmax, type Tensor } from "@blora/tensor";
import { type BertConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N heads, D head size, F intermediate, V vocabulary, C classes.
 * Hidden states are [M, H] throughout.
 */

export type BertOptions = ClassifierOptions;

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

/** Logits of the first token's pooled state: [B, C]. */
function classify(inputs: Inputs, x: Tensor, share: number): Tensor {
  const pooled = ops.tanh(inputs.linear("bert.pooler.dense", firstTokens(inputs.batch, x)));
  return inputs.linear("classifier", dropout(inputs, pooled, share));
}

function forward(inputs: Inputs, share: number): Tensor {
  const { config, batch } = inputs;
  requireLength("bert", batch.inputIds.shape[1]!, config.maxPositions);
  let x = embed(inputs);
  for (let index = 0; index < config.layers; index++) x = block(inputs, `bert.encoder.layer.${index}`, x);
  if (inputs.head.kind !== "token-classification") return classify(inputs, x, share);
  return classifyTokens(inputs, "classifier", dropout(inputs, x, share));
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
  // A checkpoint without a pooler is as good: it is trained with the classifier.
  const kit = parameterKit(config.initializerRange, (name) => /^(bert\.pooler|classifier)\./.test(name));
  const table = (name: string, rows: number) => kit.drawn(`bert.embeddings.${name}_embeddings.weight`, [rows, H]);
  return [
    table("word", config.vocabularySize),
    table("position", config.maxPositions),
    table("token_type", config.tokenTypes),
    ...kit.norm("bert.embeddings.LayerNorm", H),
    ...Array.from({ length: config.layers }, (_, index) => [
      ...sitesOfLayer(index, config).flatMap((site) => kit.dense(site.path, site.inFeatures, site.outFeatures)),
      ...kit.norm(`bert.encoder.layer.${index}.attention.output.LayerNorm`, H),
      ...kit.norm(`bert.encoder.layer.${index}.output.LayerNorm`, H),
    ]).flat(),
    ...(head.kind === "token-classification" ? [] : kit.dense("bert.pooler.dense", H, H)),
    ...kit.dense("classifier", H, classesOf("bert", head)),
  ];
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
  optionsSchema: classifierOptions,
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
