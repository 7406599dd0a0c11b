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
