import type { Tokenizer } from "@blora/spec";

const SPECIAL = { pad: 0, cls: 1, sep: 2, mask: 3, unknown: 4, eos: 2 } as const;
const VOCABULARY_SIZE = 1000;

/** One id a word, by a hash of its letters: enough of a tokenizer to encode the examples of a task. */
export function createTestTokenizer(): Tokenizer {
  return {
    vocabularySize: VOCABULARY_SIZE,
    special: SPECIAL,
    encode: (text) =>
      text
        .split(/\s+/)
        .filter((word) => word !== "")
        .map((word) => 5 + ([...word].reduce((hash, letter) => hash * 31 + letter.codePointAt(0)!, 7) % 900)),
    // A hash has no way back: words are named by their ids.
    decode: (ids) =>
      ids
        .filter((id) => id >= 5)
        .map((id) => `word${id}`)
        .join(" "),
    assemble(first, second, maxLength) {
      const specials = second === undefined ? 2 : 3;
      const kept = [first.length, second?.length ?? 0] as [number, number];
      while (kept[0] + kept[1] + specials > maxLength) kept[kept[0] >= kept[1] ? 0 : 1]--;
      const head = [SPECIAL.cls, ...first.slice(0, kept[0]), SPECIAL.sep];
      const tail = second === undefined ? [] : [...second.slice(0, kept[1]), SPECIAL.sep];
      return {
        inputIds: [...head, ...tail],
        tokenTypeIds: [...head.map(() => 0), ...tail.map(() => 1)],
        truncated: first.length + (second?.length ?? 0) + specials > maxLength,
      };
    },
  };
}
