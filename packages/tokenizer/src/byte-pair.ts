import type { Piece } from "./sentencepiece-model.ts";
import { bytesOfText, textOfBytes } from "./utf8.ts";

export interface BytePairOptions {
  /** By id. Only normal and user-defined pieces are found in text. */
  readonly pieces: readonly Piece[];
  readonly unknownId: number;
  /** Encode unknown characters as their byte pieces rather than as the unknown piece. */
  readonly byteFallback: boolean;
}

const NONE = -1;
// Rank and place share one number: ranks stay below 2^21 and places below 2^32, so that their sum is exact.
const PLACES = 2 ** 32;

/** A min-heap of numbers. */
function createHeap() {
  const heap: number[] = [];
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  };
  return {
    push(value: number): void {
      heap.push(value);
      for (let at = heap.length - 1; at > 0 && heap[at]! < heap[(at - 1) >> 1]!; at = (at - 1) >> 1) {
        swap(at, (at - 1) >> 1);
      }
    },
    pop(): number | undefined {
      const top = heap[0];
      const last = heap.pop();
      if (heap.length === 0) return top;
      heap[0] = last!;
      for (let at = 0; ; ) {
        const left = 2 * at + 1;
        const smaller = left + 1 < heap.length && heap[left + 1]! < heap[left]! ? left + 1 : left;
        if (smaller >= heap.length || heap[smaller]! >= heap[at]!) return top;
        swap(at, smaller);
        at = smaller;
      }
    },
  };
}

/** Place of each piece in the order of merging: the best score first, equal scores together. */
function mergeRanks(pieces: readonly Piece[]): Map<string, number> {
  const merged = pieces.filter(({ kind }) => kind === "normal" || kind === "user-defined");
  const scores = [...new Set(merged.map(({ score }) => score))].sort((a, b) => b - a);
  const ranks = new Map(scores.map((score, rank) => [score, rank]));
  return new Map(merged.map(({ text, score }) => [text, ranks.get(score)!]));
}

/**
 * Segments normalized text with a byte-pair vocabulary as SentencePiece does
 * (Sennrich et al., 2016): of all neighbours whose union is a piece, those of
 * the best score are joined first, the leftmost of equals. The tokenizer
 * library wants a list of merges, which a SentencePiece model does not have.
 */
export function createBytePair({ pieces, unknownId, byteFallback }: BytePairOptions): (text: Uint8Array) => number[] {
  const ranks = mergeRanks(pieces);
  const idOf = new Map(
    pieces.flatMap(({ text, kind }, id) => (kind === "control" || kind === "byte" ? [] : [[text, id]])),
  );
  const byteId = new Map(
    pieces.flatMap(({ text, kind }, id) => (kind === "byte" ? [[Number.parseInt(text.slice(3, 5), 16), id]] : [])),
  );

  const idsOf = (symbol: string): number[] => {
    const id = idOf.get(symbol);
    if (id !== undefined) return [id];
    if (!byteFallback) return [unknownId];
    return Array.from(bytesOfText(symbol), (byte) => byteId.get(byte) ?? unknownId);
  };

  return (text) => {
    const symbols: (string | undefined)[] = Array.from(textOfBytes(text));
    const next = Int32Array.from(symbols, (_, place) => (place + 1 < symbols.length ? place + 1 : NONE));
    const previous = Int32Array.from(symbols, (_, place) => place - 1);
    const heap = createHeap();
    const rankAt = (place: number): number | undefined => {
      const right = next[place]!;
      return right === NONE || symbols[place] === undefined ? undefined : ranks.get(symbols[place] + symbols[right]!);
    };
    const offer = (place: number): void => {
      const rank = place === NONE ? undefined : rankAt(place);
      if (rank !== undefined) heap.push(rank * PLACES + place);
    };
    for (const place of symbols.keys()) offer(place);
    for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
      const place = top % PLACES;
      // An entry outlives its symbols when a neighbour took one of them.
      if (rankAt(place) !== Math.floor(top / PLACES)) continue;
      const right = next[place]!;
      symbols[place] += symbols[right]!;
      symbols[right] = undefined;
      next[place] = next[right]!;
      if (next[place] !== NONE) previous[next[place]!] = place;
      offer(previous[place]!);
      offer(place);
    }
    return joinUnknown(
      symbols.flatMap((symbol) => (symbol === undefined ? [] : idsOf(symbol))),
      unknownId,
    );
  };
}

/** A run of unknown characters is one token. */
function joinUnknown(ids: readonly number[], unknownId: number): number[] {
  return ids.filter((id, index) => id !== unknownId || ids[index - 1] !== unknownId);
}
