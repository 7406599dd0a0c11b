import { createByteTrie } from "./byte-trie.ts";
import type { Piece } from "./sentencepiece-model.ts";
import { bytesOfText, characterLength } from "./utf8.ts";

export interface UnigramOptions {
  /** By id. Only normal and user-defined pieces are found in text. */
  readonly pieces: readonly Piece[];
  readonly unknownId: number;
  /** Encode unknown characters as their byte pieces rather than as the unknown piece. */
  readonly byteFallback: boolean;
  /** How path scores are kept. SentencePiece rounds them to float32, which decides ties; Hugging Face's fast tokenizers use float64. */
  readonly precision: "float32" | "float64";
}

/** Unknown characters cost this much more than the rarest piece. */
const UNKNOWN_PENALTY = 10;
const NO_START = -1;

/** Score of each piece in text, by id. */
function pathScores(pieces: readonly Piece[]): { scores: Float64Array; minimum: number } {
  let minimum = 0;
  let maximum = 0;
  for (const { score, kind } of pieces) {
    if (kind !== "normal") continue;
    minimum = Math.min(minimum, score);
    maximum = Math.max(maximum, score);
  }
  const scores = Float64Array.from(pieces, ({ kind, score, text }) =>
    // SentencePiece rates them above any normal piece.
    kind === "user-defined" ? bytesOfText(text).length * maximum - 0.1 : score,
  );
  return { scores, minimum };
}

/** Id of each byte's piece `<0x00>` to `<0xFF>`; the unknown id where one is missing. */
function bytePieceIds(pieces: readonly Piece[], unknownId: number): Int32Array {
  const ids = new Int32Array(256).fill(unknownId);
  for (const [id, { text, kind }] of pieces.entries()) {
    if (kind === "byte") ids[Number.parseInt(text.slice(3, 5), 16)] = id;
  }
  return ids;
}

/**
 * Segments normalized UTF-8 into the most probable pieces of a Unigram
 * vocabulary (Kudo, "Subword Regularization", ACL 2018), ids as SentencePiece's.
 *
 * Own code rather than the tokenizer library's, whose Unigram model overflows
 * the stack on long texts, takes literal "[SEP]" or "<0x41>" in a text for the
 * control or byte piece, never falls back to bytes, and breaks ties otherwise.
 * Time and memory are linear in the text.
 */
export function createUnigram({
  pieces,
  unknownId,
  byteFallback,
  precision,
}: UnigramOptions): (text: Uint8Array) => number[] {
  const { scores, minimum } = pathScores(pieces);
  const round = precision === "float32" ? Math.fround : (score: number) => score;
  const unknownScore = minimum - UNKNOWN_PENALTY;
  const byteIds = bytePieceIds(pieces, unknownId);
  const trie = createByteTrie(
    pieces.flatMap(({ text, kind }, value) =>
      kind === "normal" || kind === "user-defined" ? [{ bytes: bytesOfText(text), value }] : [],
    ),
  );

  return (text) => {
    const size = text.length;
    const bestScore = precision === "float32" ? new Float32Array(size + 1) : new Float64Array(size + 1);
    const bestStart = new Int32Array(size + 1).fill(NO_START);
    const bestId = new Int32Array(size + 1);

    // Of equal paths the first, with the longest last piece, stays.
    const offer = (start: number, end: number, id: number, score: number): void => {
      const candidate = round(bestScore[start]! + score);
      if (bestStart[end] !== NO_START && candidate <= bestScore[end]!) return;
      bestScore[end] = candidate;
      bestStart[end] = start;
      bestId[end] = id;
    };

    for (let start = 0; start < size; ) {
      const nextCharacter = Math.min(start + characterLength(text[start]!), size);
      let isCharacterKnown = false;
      let node = 0;
      for (let end = start + 1; end <= size; end++) {
        node = trie.next(node, text[end - 1]!);
        if (node < 0) break;
        const id = trie.value(node);
        if (id < 0) continue;
        offer(start, end, id, scores[id]!);
        isCharacterKnown ||= end === nextCharacter;
      }
      if (!isCharacterKnown) offer(start, nextCharacter, unknownId, unknownScore);
      start = nextCharacter;
    }
    return readPath(text);

    function readPath(bytes: Uint8Array): number[] {
      const reversed: number[] = [];
      for (let end = size; end > 0; end = bestStart[end]!) {
        const id = bestId[end]!;
        if (id !== unknownId) reversed.push(id);
        else if (byteFallback) for (let at = end - 1; at >= bestStart[end]!; at--) reversed.push(byteIds[bytes[at]!]!);
        // A run of unknown characters is one unknown token.
        else if (reversed.at(-1) !== unknownId) reversed.push(id);
      }
      return reversed.reverse();
    }
  };
}
