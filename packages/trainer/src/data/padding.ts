import type { TrainingRow } from "./packing.ts";

/** Padding that a choice of lengths may cost, as a share of the computed tokens, before batches are cut. */
const PADDING_SHARE = 0.08;
/** Each length is a graph of its own to compile and keep. */
const MOST_LENGTHS = 12;

/**
 * The length each text is padded to: the next of a few lengths, so that few
 * graphs are compiled.
 *
 * @param multiple pads to multiples of this many tokens; where undefined, the
 *   lengths are chosen for these texts: the fewest that keep padding under 8 %
 * @param limit longest text the network takes
 */
export function paddedLengths(rows: readonly TrainingRow[], multiple: number | undefined, limit: number): number[] {
  const lengths = rows.map(({ inputIds }) => inputIds.length);
  if (multiple !== undefined) return lengths.map((length) => Math.min(Math.ceil(length / multiple) * multiple, limit));
  const chosen = chooseLengths(lengths);
  return lengths.map((length) => chosen.find((candidate) => candidate >= length)!);
}

/** The fewest lengths, ascending, that keep padding under the share, placed where it is least. */
export function chooseLengths(lengths: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1);
  const distinct = [...counts.keys()].sort((a, b) => a - b);
  // Rows no longer than distinct[i - 1].
  const rows = [0];
  for (const length of distinct) rows.push(rows.at(-1)! + counts.get(length)!);
  const tokens = lengths.reduce((total, length) => total + length, 0);

  /** least[i]: fewest computed tokens for the i shortest distinct lengths; from[k][i]: where its last group begins. */
  let least = distinct
    .map(() => Infinity)
    .concat(Infinity)
    .with(0, 0);
  const from: number[][] = [];
  for (let groups = 1; groups <= Math.min(MOST_LENGTHS, distinct.length); groups++) {
    const previous = least;
    const begins = new Array<number>(distinct.length + 1).fill(0);
    least = previous.map((_, end) => {
      let best = Infinity;
      for (let begin = 0; begin < end; begin++) {
        const computed = previous[begin]! + distinct[end - 1]! * (rows[end]! - rows[begin]!);
        if (computed < best) [best, begins[end]] = [computed, begin];
      }
      return best;
    });
    from.push(begins);
    if (1 - tokens / least.at(-1)! <= PADDING_SHARE) break;
  }
  const chosen: number[] = [];
  for (let end = distinct.length, group = from.length - 1; group >= 0; group--) {
    chosen.unshift(distinct[end - 1]!);
    end = from[group]![end]!;
  }
  return chosen;
}
