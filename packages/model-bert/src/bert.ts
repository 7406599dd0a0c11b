import {
  type ClassifierOptions,
  classesOf,
  classifierOptions,
  classifyTokens,
  dropout,
  encode,
  encoderNorm,
  encoderParameters,
  encoderSites,
  firstTokens,
  parameterKit,
} from "@blora/layers";
import {
  type Architecture,
  definePlugin,
  type ForwardInputs,
  type Head,
  type ParameterSpec,
  type Plugin,
  requireLength,
} from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";
import { type BertConfig, parseConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, V vocabulary, C classes.
 * Hidden states are [M, H] throughout.
 */

export type BertOptions = ClassifierOptions;

type Inputs = ForwardInputs<BertConfig>;

const LAYERS = "bert.encoder.layer";

/** Sum of word, position and segment embeddings: [M, H]. */
function embed(inputs: Inputs): Tensor {
  const { config, lookup, batch } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  const H = config.hiddenSize;
  const table = (name: string): Tensor => lookup(`bert.embeddings.${name}_embeddings.weight`);
  const words = ops.gather(table("word"), batch.inputIds); // [B, T, H]
  const positions = ops.slice(table("position"), [0, 0], [T, H]); // [T, H]
  // A table of one segment has that of both texts of a pair.
  const types = config.tokenTypes === 1 ? undefined : batch.tokenTypeIds;
  const segments = ops.gather(table("token_type"), types ?? ops.zeros([B, T], "int32"));
  return encoderNorm(
    inputs,
    "bert.embeddings.LayerNorm",
    ops.reshape(ops.add(ops.add(words, segments), positions), [B * T, H]),
  );
}

/** Logits of the first token's pooled state: [B, C]. */
function classify(inputs: Inputs, x: Tensor, share: number): Tensor {
  const pooled = ops.tanh(inputs.linear("bert.pooler.dense", firstTokens(inputs.batch, x)));
  return inputs.linear("classifier", dropout(inputs, pooled, share));
}

function forward(inputs: Inputs, share: number): Tensor {
  const { config, batch } = inputs;
  requireLength("bert", batch.inputIds.shape[1]!, config.maxPositions);
  const x = encode(inputs, LAYERS, embed(inputs));
  if (inputs.head.kind !== "token-classification") return classify(inputs, x, share);
  return classifyTokens(inputs, "classifier", dropout(inputs, x, share));
}

// Names of the checkpoint

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
    ...encoderParameters(kit, LAYERS, config),
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
    sites: (config) => encoderSites(LAYERS, config),
    parameters,
    aliases,
    forward: (inputs) => forward(inputs, classifierDropout),
  }),
});
