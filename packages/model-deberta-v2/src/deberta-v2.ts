import { type ClassifierOptions, classifierOptions, classifyTokens, dropout, firstTokens } from "@blora/layers";
import {
  type Architecture,
  definePlugin,
  type ForwardInputs,
  type Plugin,
  requireLength,
  requirePositions,
} from "@blora/spec";
import { gelu, layerNorm, ops, softmax, type Tensor } from "@blora/tensor";
import {
  aliases,
  EMBEDDINGS,
  ENCODER,
  POSITION_PROJECTIONS,
  parameters,
  SHARED_PROJECTIONS,
  sites,
  WORDS,
} from "./checkpoint.ts";
import { type Activation, type DebertaV2Config, parseConfig } from "./config.ts";
import { relativeRows, skew } from "./relative-positions.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, E embedding, N heads, D head size, F intermediate, V vocabulary,
 * C classes, P predicted positions. Hidden states are [M, H] throughout.
 */

export type DebertaV2Options = ClassifierOptions;

/** What every part of one forward pass needs. */
interface Pass extends ForwardInputs<DebertaV2Config> {
  readonly B: number;
  readonly T: number;
  /** [M, 1], 1 for tokens and 0 for padding */
  readonly tokens: Tensor;
  /** [1, B, 1, T], 0 for tokens and very negative for padding */
  readonly keyBias: Tensor;
  /** Embeddings of the distances i - j: [2T - 1, H] from T - 1 down and from 1 - T up. */
  readonly distances: { readonly descending: Tensor; readonly ascending: Tensor } | undefined;
}

const MASKED_SCORE = -1e9;

const activations: Readonly<Record<Activation, (x: Tensor) => Tensor>> = { gelu, relu: ops.relu, tanh: ops.tanh };

// Embeddings

/** Embeddings of the batch, zero at padding: [M, H]. */
function embed({ config, lookup, batch, tokens, B, T }: Pass): Tensor {
  let x = ops.gather(lookup(WORDS), ops.reshape(batch.inputIds, [B * T])); // [M, E]
  if (config.absolutePositions) {
    const { embeddingSize: E } = config;
    const positions = ops.slice(lookup(`${EMBEDDINGS}.position_embeddings.weight`), [0, 0], [T, E]);
    x = ops.reshape(ops.add(ops.reshape(x, [B, T, E]), positions), [B * T, E]);
  }
  if (config.tokenTypes > 0) {
    // A table of one segment has that of both texts of a pair.
    const types = (config.tokenTypes === 1 ? undefined : batch.tokenTypeIds) ?? ops.zeros([B, T], "int32");
    const segments = lookup(`${EMBEDDINGS}.token_type_embeddings.weight`);
    x = ops.add(x, ops.gather(segments, ops.reshape(types, [B * T])));
  }
  if (config.embeddingSize !== config.hiddenSize) {
    x = ops.matMul(x, lookup(`${EMBEDDINGS}.embed_proj.weight`), false, true); // [M, H]
  }
  return ops.mul(norm({ config, lookup }, `${EMBEDDINGS}.LayerNorm`, x), tokens);
}

/** Only the 2T - 1 rows of the table that T tokens can meet, in both orders, so that no score is ever gathered. */
function embedDistances({ config, lookup }: ForwardInputs<DebertaV2Config>, T: number): Pass["distances"] {
  const { relative } = config;
  if (relative === undefined) return undefined;
  const ascending = relativeRows(T, relative);
  const pick = (rows: Int32Array): Tensor => {
    const chosen = ops.gather(lookup(`${ENCODER}.rel_embeddings.weight`), ops.tensor(rows, [rows.length], "int32"));
    return relative.normalized ? norm({ config, lookup }, `${ENCODER}.LayerNorm`, chosen) : chosen;
  };
  return { ascending: pick(ascending), descending: pick(ascending.toReversed()) };
}

function norm({ config, lookup }: Pick<Pass, "config" | "lookup">, path: string, x: Tensor): Tensor {
  return layerNorm(x, lookup(`${path}.weight`), lookup(`${path}.bias`), config.layerNormEpsilon);
}

// Attention

/**
 * Disentangled self-attention (He et al., DeBERTa, 2021, equation 4):
 * content to content, content to position and position to content scores.
 * Heads come first, so a product with the positions, which all texts share,
 * is one matrix product a head.
 */
function attend(pass: Pass, path: string, x: Tensor): Tensor {
  const { config, linear, distances, B, T } = pass;
  const { heads: N, hiddenSize: H, positionTerms, relative } = config;
  const D = H / N;
  const scale = 1 / Math.sqrt(D * (1 + positionTerms.length));
  const project = (name: string, input: Tensor): Tensor => linear(`${path}.${name}`, input);
  const split = (y: Tensor): Tensor => ops.transpose(ops.reshape(y, [-1, N, D]), [1, 0, 2]); // [rows, H] → [N, rows, D]
  const perText = (y: Tensor): Tensor => ops.reshape(y, [N * B, T, D]);
  const names = relative?.shared ? SHARED_PROJECTIONS : POSITION_PROJECTIONS;

  const query = split(ops.mul(project("query_proj", x), scale)); // [N, M, D]
  const key = split(project("key_proj", x));
  const value = split(project("value_proj", x));

  /** Scores of every row of `content` by distance, aligned to pairs of tokens: [N·B, T, T]. */
  const byPosition = (content: Tensor, positions: Tensor): Tensor =>
    skew(ops.reshape(ops.matMul(content, positions, false, true), [N * B, T, 2 * T - 1]), T);

  let scores = ops.matMul(perText(query), perText(key), false, true); // [N·B, T, T], query by key
  if (distances !== undefined && positionTerms.includes("c2p")) {
    scores = ops.add(scores, byPosition(query, split(project(names.c2p, distances.descending))));
  }
  if (distances !== undefined && positionTerms.includes("p2c")) {
    const positions = split(ops.mul(project(names.p2c, distances.ascending), scale));
    scores = ops.add(scores, ops.transpose(byPosition(key, positions), [0, 2, 1])); // was key by query
  }
  const masked = ops.add(ops.reshape(scores, [N, B, T, T]), pass.keyBias);
  const weights = ops.reshape(softmax(masked), [N * B, T, T]);
  const mixed = ops.reshape(ops.matMul(weights, perText(value)), [N, B * T, D]);
  return ops.reshape(ops.transpose(mixed, [1, 0, 2]), [B * T, H]);
}

// Block

function block(pass: Pass, index: number, x: Tensor): Tensor {
  const path = `${ENCODER}.layer.${index}`;
  const attended = pass.linear(`${path}.attention.output.dense`, attend(pass, `${path}.attention.self`, x));
  const y = norm(pass, `${path}.attention.output.LayerNorm`, ops.add(attended, x));
  const widened = activations[pass.config.activation](pass.linear(`${path}.intermediate.dense`, y)); // [M, F]
  return norm(pass, `${path}.output.LayerNorm`, ops.add(pass.linear(`${path}.output.dense`, widened), y));
}

/**
 * Convolution over neighbouring token embeddings, added to the first layer's
 * output. Padding needs no mask here: its embeddings are zero, and no token
 * attends to it afterwards.
 */
function convolve({ config, lookup, B, T }: Pass, embeddings: Tensor, x: Tensor): Tensor {
  const { hiddenSize: H, convolution } = config;
  const { kernelSize, activation } = convolution!;
  const margin = (kernelSize - 1) / 2;
  const padded = ops.pad(ops.reshape(embeddings, [B, T, H]), [
    [0, 0],
    [margin, margin],
    [0, 0],
  ]);
  const kernel = lookup(`${ENCODER}.conv.conv.weight`); // [H, H, kernelSize]
  const taps = Array.from({ length: kernelSize }, (_, tap) => {
    const shifted = ops.reshape(ops.slice(padded, [0, tap, 0], [B, T, H]), [B * T, H]);
    return ops.matMul(shifted, ops.reshape(ops.slice(kernel, [0, 0, tap], [H, H, 1]), [H, H]), false, true);
  });
  const convolved = ops.add(ops.addN(taps), lookup(`${ENCODER}.conv.conv.bias`)); // [M, H]
  return norm({ config, lookup }, `${ENCODER}.conv.LayerNorm`, ops.add(x, activations[activation](convolved)));
}

// Forward

function encode(pass: Pass): Tensor {
  const embeddings = embed(pass);
  let x = embeddings;
  for (let index = 0; index < pass.config.layers; index++) {
    x = block(pass, index, x);
    if (index === 0 && pass.config.convolution !== undefined) x = convolve(pass, embeddings, x);
  }
  return x; // [M, H]
}

/** Logits of the first token's pooled state: [B, C]. */
function classify(pass: Pass, x: Tensor, share: number): Tensor {
  const { config, linear, batch } = pass;
  const pooled = activations[config.poolerActivation](linear("pooler.dense", firstTokens(batch, x)));
  return linear("classifier", dropout(pass, pooled, share));
}

/** Logits over the vocabulary, tied to the word embeddings, at the predicted positions: [P, V]. */
function predictWords({ config, lookup, linear, batch, head }: Pass, x: Tensor): Tensor {
  const positions = requirePositions("debertaV2", head, batch);
  const states = linear("cls.predictions.transform.dense", ops.gather(x, positions)); // [P, E]
  const transformed = norm(
    { config, lookup },
    "cls.predictions.transform.LayerNorm",
    activations[config.activation](states),
  );
  return ops.add(ops.matMul(transformed, lookup(WORDS), false, true), lookup("cls.predictions.bias"));
}

function forward(inputs: ForwardInputs<DebertaV2Config>, share: number): Tensor {
  const { config, batch, head } = inputs;
  const [B, T] = batch.inputIds.shape as [number, number];
  if (config.absolutePositions) requireLength("debertaV2", T, config.maxPositions);
  const tokens = ops.reshape(batch.attentionMask, [B * T, 1]);
  const keyBias = ops.mul(ops.sub(1, ops.reshape(batch.attentionMask, [1, B, 1, T])), MASKED_SCORE);
  const pass: Pass = { ...inputs, B, T, tokens, keyBias, distances: embedDistances(inputs, T) };
  const x = encode(pass);
  if (head.kind === "masked-language-model") return predictWords(pass, x);
  if (head.kind !== "token-classification") return classify(pass, x, share);
  return classifyTokens(pass, "classifier", dropout(pass, x, share));
}

/** DeBERTaV2 and DeBERTaV3. Nothing inside the frozen encoder is dropped out, in training too. */
export const debertaV2: Plugin<
  "architecture",
  "deberta-v2",
  DebertaV2Options | undefined,
  Architecture<DebertaV2Config>
> = definePlugin({
  kind: "architecture",
  id: "deberta-v2",
  packageName: "@blora/model-deberta-v2",
  optionsSchema: classifierOptions,
  create: ({ classifierDropout = 0 }: DebertaV2Options = {}) => ({
    modelTypes: ["deberta-v2"],
    defaultTargets: ["query", "key", "value", "attention-output", "intermediate", "output"],
    parseConfig,
    maxLength: (config) => config.maxPositions,
    sites,
    parameters,
    aliases,
    forward: (inputs) => forward(inputs, classifierDropout),
  }),
});
