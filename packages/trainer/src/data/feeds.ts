import type { Feed } from "@blora/spec";
import type { TensorSpec } from "@blora/tensor";
import type { TrainingRow } from "./packing.ts";

/** What the graph of a batch depends on besides the network. */
export interface BatchShape {
  /** B */
  readonly batchSize: number;
  /** T */
  readonly length: number;
  /** N: how many losses the batch has, of which some may weigh nothing. */
  readonly losses: number;
  /** Whether rows hold several texts. */
  readonly packed: boolean;
}

/** Token inputs of every step, by their names in `Batch`. */
export function tokenInputs({ batchSize, length, packed }: BatchShape): Record<string, TensorSpec> {
  const shape = [batchSize, length];
  return {
    inputIds: { shape, dtype: "int32" },
    attentionMask: { shape, dtype: "float32" },
    tokenTypeIds: { shape, dtype: "int32" },
    ...(packed && { positionIds: { shape, dtype: "int32" }, segmentIds: { shape, dtype: "int32" } }),
  };
}

/**
 * Values of `tokenInputs`. A batch with fewer than B rows repeats its first
 * row, so that no row is all padding, which attention could not normalize.
 */
export function tokenFeeds(
  rows: readonly TrainingRow[],
  { batchSize, length: T, packed }: BatchShape,
  padId: number,
): Record<string, Feed> {
  const inputIds = new Int32Array(batchSize * T).fill(padId);
  const attentionMask = new Float32Array(batchSize * T);
  const tokenTypeIds = new Int32Array(batchSize * T);
  const positionIds = new Int32Array(batchSize * T);
  const segmentIds = new Int32Array(batchSize * T);
  for (let b = 0; b < batchSize; b++) {
    const { inputIds: ids, tokenTypeIds: types, starts = [0] } = rows[b] ?? rows[0]!;
    inputIds.set(ids, b * T);
    tokenTypeIds.set(types, b * T);
    attentionMask.fill(1, b * T, b * T + ids.length);
    for (const [text, start] of starts.entries()) {
      // Padding after the last text belongs to it: the mask hides it.
      segmentIds.fill(text, b * T + start, (b + 1) * T);
      for (let t = start; t < T; t++) positionIds[b * T + t] = t - start;
    }
  }
  return { inputIds, attentionMask, tokenTypeIds, ...(packed && { positionIds, segmentIds }) };
}
