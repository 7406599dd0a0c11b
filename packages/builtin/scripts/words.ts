/** Marks where a word begins. */
export const WORD_START = "\u2581";

/**
 * Words as the tokenizer's normalizer and pre-tokenizer cut them: lower case,
 * no accents, every punctuation mark and digit a word of its own.
 */
export function splitWords(text: string): string[] {
  const normalized = text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
  return (
    normalized.match(
      /\d|[\p{P}\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]|[^\s\d\p{P}\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]+/gu,
    ) ?? []
  ).map((word) => WORD_START + word);
}
