import type { EncodedExample, Feed, Head } from "@blora/spec";
import type { TensorSpec } from "@blora/tensor";
import type { Batch } from "./buckets.ts";

/** Inputs of every step for B rows of T tokens. Class labels are int32, scores float32. */
export function batchInputs(batchSize: number, length: number, head: Head): Record<string, TensorSpec> {
  return {
    inputIds: { shape: [batchSize, length], dtype: "int32" },
    attentionMask: { shape: [batchSize, length], dtype: "float32" },
    tokenTypeIds: { shape: [batchSize, length], dtype: "int32" },
    labels: { shape: [batchSize], dtype: head.kind === "regression" ? "float32" : "int32" },
    rowWeights: { shape: [batchSize], dtype: "float32" },
  };
}

/**
 * Values of `batchInputs`. A batch with fewer than B rows repeats its first row
 * with weight 0, so that no row is all padding, which attention could not normalize.
 *
 * @param rowWeight weight of each real row in the loss
 */
export function batchFeeds(
  rows: readonly EncodedExample[],
  batch: Batch,
  batchSize: number,
  rowWeight: number,
  padId: number,
  head: Head,
): Record<string, Feed> {
  const { length: T } = batch;
  const inputIds = new Int32Array(batchSize * T).fill(padId);
  const attentionMask = new Float32Array(batchSize * T);
  const tokenTypeIds = new Int32Array(batchSize * T);
  const labels = head.kind === "regression" ? new Float32Array(batchSize) : new Int32Array(batchSize);
  const rowWeights = new Float32Array(batchSize);
  for (let b = 0; b < batchSize; b++) {
    const row = rows[batch.rows[b] ?? batch.rows[0]!]!;
    inputIds.set(row.inputIds, b * T);
    tokenTypeIds.set(row.tokenTypeIds, b * T);
    attentionMask.fill(1, b * T, b * T + row.inputIds.length);
    labels[b] = row.label ?? 0;
    rowWeights[b] = b < batch.rows.length ? rowWeight : 0;
  }
  return { inputIds, attentionMask, tokenTypeIds, labels, rowWeights };
}
