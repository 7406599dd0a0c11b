import {
  add,
  cast,
  concat,
  equal,
  greaterEqual,
  mul,
  ones,
  reshape,
  sub,
  tensor,
  tile,
  transpose,
} from "@tensorflow/tfjs-core";
import { matMul } from "../broadcast.ts";
import type { Tensor } from "../types.ts";
import { softmax } from "./softmax.ts";

/** Added to scores of what a token may not see: large, and still finite where it sees nothing at all. */
const MASKED_SCORE = 1e9;

export interface CausalMasks {
  /** float32 [B, T], 1 for tokens and 0 for padding */
  readonly attentionMask: Tensor;
  /** int32 [B, T]; tokens see their own segment alone */
  readonly segmentIds?: Tensor | undefined;
  /** float32 [B, P] or [1, P]: tokens before the batch, which all of it sees */
  readonly pastMask?: Tensor | undefined;
}

/** What causal attention adds to its scores, 0 or very negative: [B, 1, T, P + T], one for all heads. */
export function causalBias({ attentionMask, segmentIds, pastMask }: CausalMasks): Tensor {
  const [B, T] = attentionMask.shape as [number, number];
  const place = Int32Array.from({ length: T }, (_, index) => index);
  const isBefore = greaterEqual(tensor(place, [1, 1, T, 1], "int32"), tensor(place, [1, 1, 1, T], "int32"));
  let visible = mul(cast(isBefore, "float32"), reshape(attentionMask, [B, 1, 1, T]));
  if (segmentIds !== undefined) {
    const isSame = equal(reshape(segmentIds, [B, 1, T, 1]), reshape(segmentIds, [B, 1, 1, T]));
    visible = mul(visible, cast(isSame, "float32"));
  }
  if (pastMask !== undefined) {
    const [rows, P] = pastMask.shape as [number, number];
    visible = concat([mul(ones([B, 1, T, P]), reshape(pastMask, [rows, 1, 1, P])), visible], 3);
  }
  return mul(sub(visible, 1), MASKED_SCORE);
}

/** Keys or values of P earlier tokens, then those of the batch: [B, G, P + T, D]. An earlier row of 1 serves all B. */
export function afterPast(past: Tensor | undefined, own: Tensor): Tensor {
  if (past === undefined) return own;
  const B = own.shape[0]!;
  return concat([past.shape[0] === B ? past : tile(past, [B, 1, 1, 1]), own], 2);
}

/**
 * Scaled dot-product attention whose N query heads share G key and value heads
 * (Ainslie et al., 2023): query heads n·N/G to (n + 1)·N/G - 1 use head n. The
 * heads of one group are rows of one product, so no key is ever repeated.
 *
 * @param query [B, N, T, D], scaled by 1 / √D
 * @param keys [B, G, S, D]
 * @param values [B, G, S, D]
 * @param bias broadcast to [B, N, T, S]
 * @returns [B, N, T, D]
 */
export function groupedAttention(query: Tensor, keys: Tensor, values: Tensor, bias: Tensor): Tensor {
  const [B, N, T, D] = query.shape as [number, number, number, number];
  const [, G, S] = keys.shape as [number, number, number, number];
  const rows = (N / G) * T;
  const scores = reshape(matMul(reshape(query, [B, G, rows, D]), keys, false, true), [B, N, T, S]);
  const weights = reshape(softmax(add(scores, bias)), [B, G, rows, S]);
  return reshape(matMul(weights, values), [B, N, T, D]);
}

/** What a layer's attention needs besides its own heads. */
export interface CausalInputs {
  /** What `causalBias` gives. */
  readonly bias: Tensor;
  /** Of P tokens before the batch: [B, G, P, D] or [1, G, P, D]. */
  readonly past?: { readonly keys: Tensor; readonly values: Tensor } | undefined;
  /** Told the keys and values [B, G, T, D] of the batch's own tokens. */
  readonly onKeyValues?: ((keys: Tensor, values: Tensor) => void) | undefined;
}

/**
 * `groupedAttention` of a layer with what came before its batch.
 *
 * @param query [B, T, N, D]
 * @param keys [B, T, G, D]
 * @param values [B, T, G, D]
 * @returns [B·T, N·D]
 */
export function causalAttention(
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  { bias, past, onKeyValues }: CausalInputs,
): Tensor {
  const [B, T, N, D] = query.shape as [number, number, number, number];
  const headsFirst = (x: Tensor): Tensor => transpose(x, [0, 2, 1, 3]);
  const scaled = headsFirst(mul(query, 1 / Math.sqrt(D)));
  const [ownKeys, ownValues] = [headsFirst(keys), headsFirst(values)];
  onKeyValues?.(ownKeys, ownValues);
  const mixed = groupedAttention(scaled, afterPast(past?.keys, ownKeys), afterPast(past?.values, ownValues), bias);
  return reshape(headsFirst(mixed), [B * T, N * D]);
}
