import { ops, type Tensor } from "@blora/tensor";

/** How distances between tokens share the rows of the relative embedding table. */
export interface RelativeTable {
  /** Largest distance the table was made for. */
  readonly maxDistance: number;
  /** Distances beyond half of it share rows, logarithmically; undefined: one row per distance. */
  readonly buckets: number | undefined;
}

/** Half the number of rows: distance 0 is row `span`. */
export function spanOf(table: RelativeTable): number {
  return table.buckets ?? table.maxDistance;
}

/**
 * Row of the table for every distance i - j that T tokens can have, from
 * 1 - T to T - 1: int32 [2T - 1].
 */
export function relativeRows(T: number, table: RelativeTable): Int32Array {
  const span = spanOf(table);
  return Int32Array.from({ length: 2 * T - 1 }, (_, index) => {
    const row = bucketPosition(index - (T - 1), table) + span;
    return Math.min(Math.max(row, 0), 2 * span - 1);
  });
}

/**
 * A distance, or its logarithmic bucket where it exceeds half of `buckets`
 * (He et al., DeBERTaV3, 2021). Rounded to float32 at every step like the
 * reference, because the ceiling turns one ulp into another row.
 */
export function bucketPosition(distance: number, { buckets, maxDistance }: RelativeTable): number {
  if (buckets === undefined) return distance;
  const middle = Math.floor(buckets / 2);
  const magnitude = Math.abs(distance);
  if (magnitude <= middle) return distance;
  const { fround, log } = Math;
  const share = fround(fround(log(fround(magnitude / middle))) / fround(log(fround((maxDistance - 1) / middle))));
  return Math.sign(distance) * (Math.ceil(fround(share * (middle - 1))) + middle);
}

/**
 * Turns scores by distance into scores by position: out[g, a, b] =
 * scores[g, a, T - 1 - a + b]. Row a must move left by T - 1 - a places, which
 * is what reading the same values in rows one shorter does.
 *
 * @param scores [G, T, 2T - 1]
 * @returns [G, T, T]
 */
export function skew(scores: Tensor, T: number): Tensor {
  if (T === 1) return scores;
  const G = scores.shape[0]!;
  const flat = ops.reshape(scores, [G, T * (2 * T - 1)]);
  const rows = ops.reshape(ops.slice(flat, [0, T - 1], [G, T * (2 * T - 2)]), [G, T, 2 * T - 2]);
  return ops.slice(rows, [0, 0, 0], [G, T, T]);
}
