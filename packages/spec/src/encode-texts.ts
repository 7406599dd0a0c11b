import type { Example } from "./task.ts";
import type { AssembledTokens, Tokenizer } from "./tokenizer.ts";

/** Ids of a text, or of two put together, in at most `maxLength` ids, as the tokenizer's model was trained. */
export function encodeTexts(
  tokenizer: Pick<Tokenizer, "encode" | "assemble">,
  { first, second }: Pick<Example, "first" | "second">,
  maxLength: number,
): AssembledTokens {
  const secondIds = second === undefined ? undefined : tokenizer.encode(second);
  return tokenizer.assemble(tokenizer.encode(first), secondIds, maxLength);
}

/** Ids of a text with its special tokens, and where its own ids stand among them, as ascending indices into `inputIds`. */
export interface PlacedTokens extends AssembledTokens {
  /** One for each id that was not cut off. */
  readonly places: readonly number[];
}

/**
 * Puts the ids of one text together in at most `maxLength` ids, and says where they stand: a family may have special
 * tokens before the text, after it, on both sides or none.
 */
export function placeTokens(
  tokenizer: Pick<Tokenizer, "assemble">,
  ids: readonly number[],
  maxLength: number,
): PlacedTokens {
  // Numbers that no token has show where the text stands, whatever is put around it.
  const marks = ids.map((_, index) => -1 - index);
  const { inputIds: marked, ...rest } = tokenizer.assemble(marks, undefined, maxLength);
  const isOwn = (id: number): boolean => id < 0;
  return {
    ...rest,
    inputIds: marked.map((id) => (isOwn(id) ? ids[-1 - id]! : id)),
    places: [...marked.keys()].filter((place) => isOwn(marked[place]!)),
  };
}
