/**
 * Byte-pair encoding over word counts (Sennrich, Haddow and Birch, ACL 2016):
 * the most frequent pair of neighbours becomes a new piece, again and again.
 */

export interface BytePairEncoding {
  /** Every piece in order of creation: the alphabet, then what merges made. */
  readonly pieces: readonly string[];
  readonly merges: readonly (readonly [left: string, right: string])[];
}

interface Word {
  readonly count: number;
  pieces: string[];
}

/**
 * Learns merges until there are `size` pieces or no pair occurs twice. Ties go
 * to the pair that is first in code unit order, so the result depends on the
 * counts alone.
 *
 * @param alphabet pieces that exist from the start; characters outside it end a word's merges there
 */
export function trainBytePairs(
  counts: ReadonlyMap<string, number>,
  alphabet: readonly string[],
  size: number,
): BytePairEncoding {
  const words: Word[] = [...counts].map(([text, count]) => ({ count, pieces: [...text] }));
  const known = new Set(alphabet);
  const pieces = [...alphabet];
  const merges: [string, string][] = [];
  const pairs = new Map<string, { count: number; readonly words: Set<Word> }>();

  const tally = (word: Word, sign: 1 | -1): void => {
    for (let index = 0; index + 1 < word.pieces.length; index++) {
      const [left, right] = [word.pieces[index]!, word.pieces[index + 1]!];
      if (!known.has(left) || !known.has(right)) continue;
      const key = `${left} ${right}`;
      const pair = pairs.get(key) ?? { count: 0, words: new Set<Word>() };
      pair.count += sign * word.count;
      pair.words.add(word);
      pairs.set(key, pair);
    }
  };
  for (const word of words) tally(word, 1);

  while (pieces.length < size) {
    let best: string | undefined;
    let bestCount = 1;
    for (const [key, { count }] of pairs) {
      if (count > bestCount || (count === bestCount && best !== undefined && key < best))
        [best, bestCount] = [key, count];
    }
    if (best === undefined) break;
    const [left, right] = best.split(" ") as [string, string];
    merges.push([left, right]);
    if (!known.has(left + right)) {
      known.add(left + right);
      pieces.push(left + right);
    }
    for (const word of pairs.get(best)!.words) {
      tally(word, -1);
      word.pieces = merge(word.pieces, left, right);
      tally(word, 1);
    }
    pairs.delete(best);
    for (const [key, { count }] of pairs) if (count === 0) pairs.delete(key);
  }
  return { pieces, merges };
}

/** Joins every `left right`, from the left. */
export function merge(pieces: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let index = 0; index < pieces.length; index++) {
    if (pieces[index] === left && pieces[index + 1] === right) {
      merged.push(left + right);
      index++;
    } else {
      merged.push(pieces[index]!);
    }
  }
  return merged;
}
