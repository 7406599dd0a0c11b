/**
 * Masked-language-model batches (Devlin et al., NAACL 2019). All randomness
 * comes from counter-based noise: batch n is the same however often and in
 * whatever order batches are asked for.
 */
import { permutation, uniformValues } from "@blora/tensor";

export interface SpecialIds {
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
}

/**
 * Packs token ids of chunks, joined by [SEP], into full rows
 * `[CLS] … [SEP]` of `length` ids. Tokens of a last row that is not full are dropped.
 */
export function* packSequences(
  chunks: Iterable<readonly number[]>,
  length: number,
  special: SpecialIds,
): Generator<Int32Array> {
  let row: number[] = [special.cls];
  for (const chunk of chunks) {
    for (const id of [...(row.length > 1 ? [special.sep] : []), ...chunk]) {
      row.push(id);
      if (row.length === length - 1) {
        yield Int32Array.from([...row, special.sep]);
        row = [special.cls];
      }
    }
  }
}

export interface MaskingOptions {
  readonly special: SpecialIds;
  readonly vocabularySize: number;
  /** Ids from here on are ordinary pieces that may replace a token. */
  readonly firstOrdinaryId: number;
  /** Share of the maskable tokens that is predicted. Default 0.15. */
  readonly rate?: number;
  /** Says whether an id begins a word. With it, whole words are chosen. */
  readonly startsWord?: (id: number) => boolean;
  readonly seed: number;
}

export interface MaskedBatch {
  /** [B·T], with masked and replaced tokens */
  readonly inputIds: Int32Array;
  /** [P], flat indices b·T + t, ascending; P is the same for every batch */
  readonly positions: Int32Array;
  /** [P], what stood at `positions` */
  readonly targets: Int32Array;
}

const MASKED = 0.8;
const REPLACED = 0.9;

/** How many tokens of each row are predicted. */
export function predictionsPerRow(length: number, rate = 0.15): number {
  return Math.max(1, Math.round(rate * (length - 2)));
}

/**
 * Chooses and hides tokens of B packed rows: of those chosen 80 % become
 * [MASK], 10 % a random piece, 10 % stay.
 *
 * @param step number of the batch, the address of its noise
 */
export function maskBatch(rows: readonly Int32Array[], step: number, options: MaskingOptions): MaskedBatch {
  const { special, vocabularySize, firstOrdinaryId, seed } = options;
  const length = rows[0]!.length;
  const perRow = predictionsPerRow(length, options.rate);
  const inputIds = new Int32Array(rows.length * length);
  const positions = new Int32Array(rows.length * perRow);
  const targets = new Int32Array(positions.length);
  const fate = uniformValues({ seed, step, path: "masking/fate" }, positions.length);
  const replacement = uniformValues({ seed, step, path: "masking/replacement" }, positions.length);
  for (const [b, row] of rows.entries()) {
    inputIds.set(row, b * length);
    for (const [k, t] of choosePositions(row, perRow, { seed, step, path: `masking/row/${b}` }, options).entries()) {
      const index = b * perRow + k;
      positions[index] = b * length + t;
      targets[index] = row[t]!;
      if (fate[index]! < MASKED) inputIds[b * length + t] = special.mask;
      else if (fate[index]! < REPLACED) {
        inputIds[b * length + t] =
          firstOrdinaryId + Math.floor(replacement[index]! * (vocabularySize - firstOrdinaryId));
      }
    }
  }
  return { inputIds, positions, targets };
}

/** `count` places of a row, ascending, never a special token's. A last word may be taken in part. */
function choosePositions(
  row: Int32Array,
  count: number,
  noise: { readonly seed: number; readonly step: number; readonly path: string },
  { special, startsWord }: MaskingOptions,
): number[] {
  const words: number[][] = [];
  for (const [t, id] of row.entries()) {
    if (id === special.cls || id === special.sep) continue;
    const continues = startsWord !== undefined && !startsWord(id) && words.at(-1)?.at(-1) === t - 1;
    if (continues) words.at(-1)!.push(t);
    else words.push([t]);
  }
  const chosen = Array.from(permutation(noise, words.length), (index) => words[index]!).flat();
  if (chosen.length < count)
    throw new Error(`A row of ${row.length} ids holds ${chosen.length} tokens to predict, not ${count}.`);
  return chosen.slice(0, count).sort((a, b) => a - b);
}
