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
import { parseConfig, type RobertaConfig } from "./config.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, V vocabulary, C classes.
 * Hidden states are [M, H] throughout.
 */

/** Dropout is before both maps of the classifier. */
export type RobertaOptions = ClassifierOptions;

type Inputs = ForwardInputs<RobertaConfig>;

const LAYERS = "roberta.encoder.layer";

/**
 * Places in the position table: int32 [B, T]. Tokens count from 1 after the place of padding, which a token with the id
 * of padding has wherever it stands, a text that spells it included.
 */
function positionsOf({ config, batch: { inputIds } }: Inputs): Tensor {
  const [B, T] = inputIds.shape as [number, number];
  const place = Int32Array.from({ length: T }, (_, index) => index);
  const isPad = ops.cast(ops.equal(inputIds, ops.scalar(config.padId, "int32")), "float32");
  const isToken = ops.sub(1, isPad); // [B, T]
  const isUpTo = ops.lessEqual(ops.tensor(place, [T, 1], "int32"), ops.tensor(place, [1, T], "int32"));
  const counted = ops.mul(ops.matMul(isToken, ops.cast(isUpTo, "float32")), isToken);
  return ops.cast(ops.reshape(ops.add(counted, config.padId), [B, T]), "int32");
}

/** Sum of word, position and segment embeddings: [M, H]. Segments are all 0. */
function embed(inputs: Inputs): Tensor {
  const { config, lookup, batch } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  const H = config.hiddenSize;
  const table = (name: string): Tensor => lookup(`roberta.embeddings.${name}_embeddings.weight`);
  const words = ops.gather(table("word"), batch.inputIds); // [B, T, H]
  const positions = ops.gather(table("position"), positionsOf(inputs)); // [B, T, H]
  const segment = ops.slice(table("token_type"), [0, 0], [1, H]); // [1, H]
  return encoderNorm(
    inputs,
    "roberta.embeddings.LayerNorm",
    ops.reshape(ops.add(words, ops.add(positions, segment)), [B * T, H]),
  );
}

/** Logits of the first token's state: [B, C]. */
function classify(inputs: Inputs, x: Tensor, share: number): Tensor {
  const { linear, batch } = inputs;
  const first = dropout(inputs, firstTokens(batch, x), share, "classifier/dropout/first");
  const dense = ops.tanh(linear("classifier.dense", first));
  return linear("classifier.out_proj", dropout(inputs, dense, share, "classifier/dropout/dense"));
}

function forward(inputs: Inputs, share: number): Tensor {
  const { config, batch } = inputs;
  const T = batch.inputIds.shape[1]!;
  requireLength("roberta", T, config.maxPositions);
  const x = encode(inputs, LAYERS, embed(inputs));
  if (inputs.head.kind !== "token-classification") return classify(inputs, x, share);
  return classifyTokens(inputs, "classifier", dropout(inputs, x, share));
}

// Names of the checkpoint

function parameters(config: RobertaConfig, head: Head): ParameterSpec[] {
  const { hiddenSize: H } = config;
  const kit = parameterKit(config.initializerRange, (name) => name.startsWith("classifier."));
  const table = (name: string, rows: number) => kit.drawn(`roberta.embeddings.${name}_embeddings.weight`, [rows, H]);
  const classes = classesOf("roberta", head);
  return [
    table("word", config.vocabularySize),
    table("position", config.padId + 1 + config.maxPositions),
    table("token_type", config.tokenTypes),
    ...kit.norm("roberta.embeddings.LayerNorm", H),
    ...encoderParameters(kit, LAYERS, config),
    ...(head.kind === "token-classification"
      ? kit.dense("classifier", H, classes)
      : [...kit.dense("classifier.dense", H, H), ...kit.dense("classifier.out_proj", H, classes)]),
  ];
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
  optionsSchema: classifierOptions,
  create: ({ classifierDropout = 0 }: RobertaOptions = {}) => ({
    modelTypes: ["roberta", "xlm-roberta", "camembert"],
    defaultTargets: ["query", "key", "value", "attention-output", "intermediate", "output"],
    parseConfig,
    maxLength: (config) => config.maxPositions,
    sites: (config) => encoderSites(LAYERS, config),
    parameters,
    aliases,
    forward: (inputs) => forward(inputs, classifierDropout),
  }),
});
