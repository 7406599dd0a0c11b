import type { Feed } from "@blora/spec";
import type { TensorSpec } from "@blora/tensor";

/** A row of tokens: one text, or several that do not see each other. */
export interface TokenRow {
  readonly inputIds: readonly number[];
  readonly tokenTypeIds: readonly number[];
  /** Where each text begins, the first at 0; one text where absent. */
  readonly starts?: readonly number[];
}

/** Sizes of a batch of rows. */
export interface TokenShape {
  /** B */
  readonly batchSize: number;
  /** T */
  readonly length: number;
  /** Whether rows hold several texts. */
  readonly packed: boolean;
}

/** Token inputs of a step, by their names in `Batch`. */
export function tokenInputs({ batchSize, length, packed }: TokenShape): Record<string, TensorSpec> {
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
  rows: readonly TokenRow[],
  { batchSize, length: T, packed }: TokenShape,
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

/** Inputs of T tokens that go on from earlier ones. */
export function continuationInputs(T: number): Record<string, TensorSpec> {
  return {
    inputIds: { shape: [1, T], dtype: "int32" },
    attentionMask: { shape: [1, T], dtype: "float32" },
    positionIds: { shape: [1, T], dtype: "int32" },
  };
}

/** Values of `continuationInputs`, from position `start` on: tokens first and padding after them, where no token looks. */
export function continuationFeeds(
  tokens: readonly number[],
  T: number,
  start: number,
  padId: number,
): Record<string, Feed> {
  const inputIds = new Int32Array(T).fill(padId);
  inputIds.set(tokens);
  return {
    inputIds,
    attentionMask: new Float32Array(T).fill(1, 0, tokens.length),
    positionIds: Int32Array.from({ length: T }, (_, t) => start + t),
  };
}

/**
 * `count` rounded up to `unit` times 1 or 3/4 and a power of two, halves
 * included: few sizes, and at most a third of one unused.
 */
export function roundedSize(count: number, unit: number): number {
  let size = unit;
  while (size < count) size *= 2;
  while (size >= 2 && Math.ceil(size / 2) >= count) size /= 2;
  const smaller = Math.ceil((3 * size) / 4);
  return smaller >= count ? smaller : Math.ceil(size);
}
