import {
  type Architecture,
  type ForwardInputs,
  type LanguageModel,
  requireLength,
  requirePositions,
} from "@blora/spec";
import { causalAttention, causalBias, frozenLinear, ops, type RotaryTables, rotary, type Tensor } from "@blora/tensor";
import { classifyTokens } from "./classifier.ts";
import type { DecoderConfig } from "./decoder-config.ts";
import { EMBEDDING, requireDecoderHead, SCORE } from "./decoder-names.ts";
import { lastTokens } from "./last-tokens.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N query heads, G key and value heads, D head size, V vocabulary,
 * C classes, P predicted positions. Hidden states are [M, H] throughout.
 */

/** What every block of one forward pass needs. */
export interface DecoderPass<Config> extends ForwardInputs<Config> {
  readonly B: number;
  readonly T: number;
  readonly angles: RotaryTables;
  /** [B, 1, T, tokens before the batch + T] */
  readonly bias: Tensor;
}

/** What a family of decoders is, between its embedding and its head. */
export interface DecoderFamily<Config> {
  /** For messages. */
  readonly name: string;
  /** @param positions int32 [B, T] or [1, T] */
  angles(config: Config, positions: Tensor): RotaryTables;
  /** One layer: states [M, H] to states. */
  block(pass: DecoderPass<Config>, index: number, x: Tensor): Tensor;
  /** After the last layer. */
  norm(pass: DecoderPass<Config>, x: Tensor): Tensor;
  unembedding: LanguageModel<Config>["unembedding"];
}

/**
 * Causal self-attention over x [M, H], N query heads sharing G heads of keys and values: [M, N·D].
 *
 * @param normalize what queries and keys pass through before they are turned, by their names `q` and `k`
 */
export function selfAttention<Config extends DecoderConfig>(
  pass: DecoderPass<Config>,
  index: number,
  path: string,
  x: Tensor,
  normalize: (name: "q" | "k", heads: Tensor) => Tensor = (_, heads) => heads,
): Tensor {
  const { config, linear, angles, bias, past, onKeyValues, B, T } = pass;
  const { heads: N, keyValueHeads: G, headSize: D } = config;
  const project = (name: string, heads: number): Tensor =>
    ops.reshape(linear(`${path}.${name}_proj`, x), [B, T, heads, D]);
  const query = rotary(normalize("q", project("q", N)), angles);
  const keys = rotary(normalize("k", project("k", G)), angles);
  return causalAttention(query, keys, project("v", G), {
    bias,
    past: past?.layers[index],
    onKeyValues: (ownKeys, ownValues) => onKeyValues?.(index, ownKeys, ownValues),
  });
}

/** The network of a family, with a head of the next token, of texts or of tokens. */
export function decoder<Config extends DecoderConfig>(
  family: DecoderFamily<Config>,
): Required<Pick<Architecture<Config>, "maxLength" | "aliases" | "languageModel" | "forward">> {
  const { name, unembedding } = family;

  /** States after the last norm: [M, H]. */
  function hidden(inputs: ForwardInputs<Config>): Tensor {
    const { config, lookup, batch, past } = inputs;
    const [B, T] = batch.inputIds.shape as [number, number];
    requireLength(name, T, config.maxPositions);
    const places = Int32Array.from({ length: T }, (_, place) => place);
    const angles = family.angles(config, batch.positionIds ?? ops.tensor(places, [1, T], "int32"));
    const pass = { ...inputs, B, T, angles, bias: causalBias({ ...batch, pastMask: past?.mask }) };
    let x = ops.gather(lookup(EMBEDDING), ops.reshape(batch.inputIds, [B * T]));
    for (let index = 0; index < config.layers; index++) x = family.block(pass, index, x);
    return family.norm(pass, x);
  }

  /** Logits of the next token at the predicted positions: [P, V]. */
  function predictTokens({ config, lookup, batch, head }: ForwardInputs<Config>, x: Tensor): Tensor {
    const states = ops.gather(x, requirePositions(name, head, batch)); // [P, H]
    const { weight, bias } = unembedding(config);
    return frozenLinear(states, lookup(weight), bias === undefined ? undefined : lookup(bias));
  }

  function forward(inputs: ForwardInputs<Config>): Tensor {
    const { config, linear, batch, head } = inputs;
    requireDecoderHead(name, head);
    const x = hidden(inputs);
    if (head.kind === "language-model") return predictTokens(inputs, x);
    if (head.kind === "token-classification") return classifyTokens(inputs, SCORE, x);
    return linear(SCORE, lastTokens(batch, x, config.padId)); // [B, C]
  }

  return {
    maxLength: ({ maxPositions }) => maxPositions,
    // Models saved without their head lack the prefix.
    aliases: (tensor) => (tensor.startsWith("model.") ? [tensor.slice("model.".length)] : []),
    languageModel: {
      hidden,
      unembedding,
      cache: ({ layers, keyValueHeads, headSize }) => ({ layers, heads: keyValueHeads, headSize }),
    },
    forward,
  };
}
