import { permutation } from "@blora/tensor";

/** Rows of a split that one forward pass computes, padded to `length` tokens. */
export interface Batch {
  readonly rows: readonly number[];
  /** T */
  readonly length: number;
}

/** Batches whose rows are sorted by length together: more means less padding, fewer means better mixing. */
const BATCHES_PER_WINDOW = 50;

/** `length` rounded up to a multiple, but never over `limit`, the longest text the network takes. */
export function paddedLength(length: number, multiple: number, limit: number): number {
  return Math.min(Math.ceil(Math.max(1, length) / multiple) * multiple, limit);
}

/**
 * The batches of one epoch, in order: rows are shuffled, sorted by padded
 * length within windows, cut into batches, and the batches shuffled again.
 * Depends on nothing but its arguments, so a resumed run sees the same order.
 *
 * @param lengths padded length of every row
 */
export function planEpoch(lengths: readonly number[], batchSize: number, seed: number, epoch: number): Batch[] {
  const order = Array.from(permutation({ seed, step: epoch, path: "data/rows" }, lengths.length));
  const batches: Batch[] = [];
  for (let start = 0; start < order.length; start += batchSize * BATCHES_PER_WINDOW) {
    const window = order.slice(start, start + batchSize * BATCHES_PER_WINDOW);
    batches.push(...cut(byLength(window, lengths), lengths, batchSize));
  }
  return Array.from(
    permutation({ seed, step: epoch, path: "data/batches" }, batches.length),
    (index) => batches[index]!,
  );
}

/** The batches of an evaluation: every row once, shortest first. */
export function planEvaluation(lengths: readonly number[], batchSize: number): Batch[] {
  return cut(byLength([...lengths.keys()], lengths), lengths, batchSize);
}

function byLength(rows: readonly number[], lengths: readonly number[]): number[] {
  return [...rows].sort((a, b) => lengths[a]! - lengths[b]!);
}

function cut(rows: readonly number[], lengths: readonly number[], batchSize: number): Batch[] {
  return Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, index) => {
    const members = rows.slice(index * batchSize, (index + 1) * batchSize);
    return { rows: members, length: Math.max(...members.map((row) => lengths[row]!)) };
  });
}
