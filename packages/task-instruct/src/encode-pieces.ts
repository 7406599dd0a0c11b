import type { EncodedExample, Tokenizer } from "@blora/spec";
import type { Piece } from "./piece.ts";

/**
 * Ids of a row, and which of them are learned. Pieces are encoded one by one,
 * as a prompt is when the model is asked to go on from it, each where it
 * stands: what a tokenizer puts before a text is not put between pieces. What
 * does not fit is cut from the end.
 */
export function encodePieces(
  pieces: readonly Piece[],
  tokenizer: Tokenizer,
  maxLength: number,
): Omit<EncodedExample, "label"> {
  const all: number[] = [];
  const learned: number[] = [];
  let before = "";
  for (const piece of pieces) {
    const { content } = piece;
    const ids = typeof content === "number" ? [content] : encodeAfter(before, content, tokenizer);
    before = typeof content === "number" ? "" : content;
    for (const id of ids) {
      // Nothing comes before the first token, so that nothing could predict it.
      if (piece.learned && all.length > 0) learned.push(all.length);
      all.push(id);
    }
  }
  const inputIds = all.slice(0, maxLength);
  const isCutInside = learned.includes(maxLength - 1) && learned.includes(maxLength);
  return {
    inputIds,
    tokenTypeIds: inputIds.map(() => 0),
    targets: learned.filter((index) => index < maxLength),
    truncated: all.length > maxLength,
    ...(isCutInside && { cutAnswer: true }),
  };
}

/** Ids of a text after another; where its start would be joined to the end of that one, as on a line of its own. */
function encodeAfter(before: string, text: string, { encode }: Tokenizer): readonly number[] {
  if (before === "") return encode(text);
  for (const context of [before, "\n"]) {
    const contextIds = encode(context);
    const whole = encode(context + text);
    if (contextIds.every((id, index) => id === whole[index])) return whole.slice(contextIds.length);
  }
  return encode(text);
}
