import type { AddedToken } from "./added-tokens.ts";
import type { Piece } from "./sentencepiece-model.ts";
import { bytesOfText, joinBytes, textOfBytes } from "./utf8.ts";

type DecodedPiece = Pick<Piece, "text" | "kind">;

/**
 * Builds the way back from ids of SentencePiece-like pieces: their text side by
 * side, "▁" a space, byte pieces the bytes of a character. The space that
 * encoding put before a text is taken off again.
 *
 * @param pieces by id; those of kind `control` and `unknown` are left out, and
 *   ids that have no piece
 * @param added take the place of the pieces with their ids
 */
export function createPieceDecoder(
  pieces: readonly DecodedPiece[],
  added: readonly AddedToken[],
  addsPrefix: boolean,
): (ids: readonly number[]) => string {
  const byId = new Map<number, DecodedPiece>(pieces.entries());
  for (const { id, content, special } of added) {
    byId.set(id, { text: content, kind: special ? "control" : "user-defined" });
  }
  const bytesOf = ({ text, kind }: DecodedPiece): Uint8Array => {
    if (kind === "byte") return Uint8Array.of(Number.parseInt(text.slice(3, 5), 16));
    return bytesOfText(text.replaceAll("▁", " "));
  };
  return (ids) => {
    const kept = ids
      .map((id) => byId.get(id))
      .filter((piece) => piece !== undefined && piece.kind !== "control" && piece.kind !== "unknown");
    const text = textOfBytes(joinBytes(kept.map((piece) => bytesOf(piece!))));
    return addsPrefix && text.startsWith(" ") ? text.slice(1) : text;
  };
}
