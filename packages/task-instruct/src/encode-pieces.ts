import type { EncodedExample, Tokenizer } from "@blora/spec";
import type { Piece } from "./piece.ts";

/**
 * Ids of a row, and which of them are learned. Pieces are encoded one by one,
 * as a prompt is when the model is asked to go on from it. What does not fit
 * is cut from the end.
 */
export function encodePieces(
  pieces: readonly Piece[],
  tokenizer: Tokenizer,
  maxLength: number,
): Omit<EncodedExample, "label"> {
  const all: number[] = [];
  const learned: number[] = [];
  for (const piece of pieces) {
    for (const id of typeof piece.content === "number" ? [piece.content] : tokenizer.encode(piece.content)) {
      // Nothing comes before the first token, so that nothing could predict it.
      if (piece.learned && all.length > 0) learned.push(all.length);
      all.push(id);
    }
  }
  const inputIds = all.slice(0, maxLength);
  return {
    inputIds,
    tokenTypeIds: inputIds.map(() => 0),
    targets: learned.filter((index) => index < maxLength),
    truncated: all.length > maxLength,
  };
}
