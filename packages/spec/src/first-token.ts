import { placeTokens } from "./encode-texts.ts";
import { InvalidInputError } from "./errors.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** More than any tokenizer puts around a text. */
const ROOM = 64;

/**
 * The token that comes before every text a language model reads.
 *
 * @param addBos where nothing is said, it is there where the tokenizer itself begins texts with it, as transformers has it
 * @throws InvalidInputError where it is asked for and the tokenizer has none
 */
export function firstToken(
  tokenizer: Pick<Tokenizer, "assemble" | "special">,
  addBos: boolean | undefined,
): number | undefined {
  const { bos } = tokenizer.special;
  if (addBos === false) return undefined;
  if (addBos === undefined) {
    const { inputIds, places } = placeTokens(tokenizer, [0], ROOM);
    return places[0] === 0 || inputIds[0] !== bos ? undefined : bos;
  }
  if (bos !== undefined) return bos;
  throw new InvalidInputError("addBos: expected a tokenizer with a first token, found one without.");
}
