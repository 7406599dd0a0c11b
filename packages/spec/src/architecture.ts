import type { Shape, Tensor } from "@blora/tensor";
import type { Context } from "./context.ts";

/** A linear map of the network that can be adapted: y = x·Wᵀ + b, W [O, I]. */
export interface LinearSite {
  /** Module path in the checkpoint, without `.weight`. */
  readonly path: string;
  /** What it does (`query`, `value`, `up`, …): targets are chosen by role. */
  readonly role: string;
  /** I */
  readonly inFeatures: number;
  /** O */
  readonly outFeatures: number;
}

/** What the network predicts. */
export type Head =
  /** A class of each text: logits [B, C]. With `several`, any number of classes, each with a logit of its own. */
  | { readonly kind: "classification"; readonly labels: readonly string[]; readonly several?: true }
  /** A class of each token: logits [B, T, C]. */
  | { readonly kind: "token-classification"; readonly labels: readonly string[] }
  | { readonly kind: "regression" }
  | { readonly kind: "masked-language-model" }
  /** The next token, from those before it. */
  | { readonly kind: "language-model" };

/** One tensor the architecture needs. */
export interface ParameterSpec {
  /** Name in the checkpoint. */
  readonly name: string;
  readonly shape: Shape;
  /** `base` must be in the checkpoint; `head` is initialized where the checkpoint lacks it. */
  readonly role: "base" | "head";
  readonly init: { readonly kind: "normal"; readonly standardDeviation: number } | { readonly kind: "zeros" | "ones" };
}

/**
 * Keys and values of P tokens that come before a batch: what a prefix shared
 * by all rows, or the text generated so far, leaves behind.
 */
export interface KeyValueCache {
  /** float32 [B, P] or [1, P], 1 for tokens and 0 for padding */
  readonly mask: Tensor;
  /** By layer: [B, G, P, D] or [1, G, P, D] for G key-value heads of size D, keys already rotated. */
  readonly layers: readonly { readonly keys: Tensor; readonly values: Tensor }[];
}

/** Token ids of B texts padded to T tokens. */
export interface Batch {
  /** int32 [B, T] */
  readonly inputIds: Tensor;
  /** float32 [B, T], 1 for tokens and 0 for padding */
  readonly attentionMask: Tensor;
  /** int32 [B, T], where the checkpoint has segment embeddings */
  readonly tokenTypeIds?: Tensor;
  /** int32 [P], flat indices b·T + t of the positions a language-model head predicts */
  readonly positions?: Tensor;
  /** int32 [B, T], place of each token in its text, for rotary embeddings; 0 … T - 1 where absent */
  readonly positionIds?: Tensor;
  /** int32 [B, T], which text of a packed row a token belongs to: it attends to its own text alone. Absent: one text a row */
  readonly segmentIds?: Tensor;
}

/** Applies the linear map at `path` to x [M, I], giving [M, O]. The trainer decides how: plain, adapted, merged, counted. */
export type Linear = (path: string, x: Tensor) => Tensor;

/** A checkpoint tensor by its name. */
export type ParameterLookup = (name: string) => Tensor;

/** Everything a forward pass computes from. */
export interface ForwardInputs<Config> {
  readonly config: Config;
  readonly head: Head;
  readonly lookup: ParameterLookup;
  readonly batch: Batch;
  readonly linear: Linear;
  readonly context: Context;
  /** Tokens before the batch, which every token of it sees. Language models only. */
  readonly past?: KeyValueCache;
  /** Told the keys and values [B, G, T, D] of the batch's own tokens, layer by layer. Language models only. */
  readonly onKeyValues?: (layer: number, keys: Tensor, values: Tensor) => void;
}

/**
 * The pieces of a causal language model that let a caller choose which
 * positions to score, and score them a few at a time.
 */
export interface LanguageModel<Config = unknown> {
  /** States after the last norm, before the vocabulary: [M, H]. */
  hidden(inputs: ForwardInputs<Config>): Tensor;
  /** Names of the tensors that map states to logits, x·Wᵀ + b with W [V, H]; W may be the token embedding. */
  unembedding(config: Config): { readonly weight: string; readonly bias?: string };
  /** Shape of the cache: its layers, G and D. */
  cache(config: Config): { readonly layers: number; readonly heads: number; readonly headSize: number };
}

/**
 * The forward pass of one family of networks (`model_type` of Hugging Face).
 * It never learns whether its linear maps are adapted.
 */
export interface Architecture<Config = unknown> {
  /** `model_type` values of `config.json` it reads. */
  readonly modelTypes: readonly string[];
  /** Roles adapted when the user names none. */
  readonly defaultTargets: readonly string[];
  /** Checks `config.json`. Throws `InvalidInputError` naming key, expectation and value. */
  parseConfig(json: unknown): Config;
  /** Longest text, in tokens. */
  maxLength(config: Config): number;
  /** Every linear map that may be adapted, in forward order. */
  sites(config: Config): readonly LinearSite[];
  /** Every tensor the forward pass looks up. */
  parameters(config: Config, head: Head): readonly ParameterSpec[];
  /** Older or other names of a tensor, tried in order when `name` is absent. */
  aliases?(name: string): readonly string[];
  /** Present where the network predicts the next token. */
  readonly languageModel?: LanguageModel<Config>;
  /** Logits: [B, C] for classification, [B, 1] for regression, [P, V] for a language-model head. */
  forward(inputs: ForwardInputs<Config>): Tensor;
}
