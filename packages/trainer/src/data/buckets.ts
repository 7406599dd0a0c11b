import { permutation } from "@blora/tensor";

/** Rows of a split that one forward pass computes, padded to `length` tokens. */
export interface Batch {
  readonly rows: readonly number[];
  /** B: rows the pass computes, more than it has where rows ran out */
  readonly size: number;
  /** T */
  readonly length: number;
}

/**
 * The batches of one epoch, in order: rows are shuffled, sorted by padded
 * length, cut into batches, and the batches shuffled again. Depends on nothing
 * but its arguments, so a resumed run sees the same order.
 *
 * @param lengths padded length of every row; few of them, so that rows of a length are many and meet others every epoch
 */
export function planEpoch(lengths: readonly number[], batchSize: number, seed: number, epoch: number): Batch[] {
  const order = Array.from(permutation({ seed, step: epoch, path: "data/rows" }, lengths.length));
  const batches = cut(byLength(order, lengths), lengths, batchSize);
  return Array.from(
    permutation({ seed, step: epoch, path: "data/batches" }, batches.length),
    (index) => batches[index]!,
  );
}

/** The batches of an evaluation: every row once, shortest first. None is larger than the split. */
export function planEvaluation(lengths: readonly number[], batchSize: number): Batch[] {
  return cut(byLength([...lengths.keys()], lengths), lengths, Math.min(batchSize, lengths.length));
}

/** Passes over the parts of a batch that keep each at `maxTokens`, or at one row. */
export function passesOf({ size, length }: Pick<Batch, "size" | "length">, maxTokens: number | undefined): number {
  return maxTokens === undefined ? 1 : Math.ceil(size / Math.max(1, Math.floor(maxTokens / length)));
}

/** The parts of a batch, equal in size, so that a length is still one graph. */
export function splitBatch(batch: Batch, maxTokens: number | undefined): Batch[] {
  const size = Math.ceil(batch.size / passesOf(batch, maxTokens));
  return Array.from({ length: Math.ceil(batch.rows.length / size) }, (_, part) => ({
    rows: batch.rows.slice(part * size, (part + 1) * size),
    size,
    length: batch.length,
  }));
}

function byLength(rows: readonly number[], lengths: readonly number[]): number[] {
  return [...rows].sort((a, b) => lengths[a]! - lengths[b]!);
}

function cut(rows: readonly number[], lengths: readonly number[], batchSize: number): Batch[] {
  return Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, index) => {
    const members = rows.slice(index * batchSize, (index + 1) * batchSize);
    return { rows: members, size: batchSize, length: Math.max(...members.map((row) => lengths[row]!)) };
  });
}
