import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadTokenizer } from "../src/index.ts";

const fixtures = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));

/** Made by fixtures/words/make.py with transformers: ids with those that frame a text, and the word each is of. */
interface Golden {
  readonly cases: Readonly<
    Record<
      string,
      readonly {
        readonly words: readonly string[];
        readonly ids: readonly number[];
        readonly wordIds: readonly (number | null)[];
      }[]
    >
  >;
}

const { cases } = JSON.parse(readFileSync(fixtures("words/golden.json"), "utf8")) as Golden;

describe.each([
  ["wordpiece", "wordpiece"],
  ["byte-level", "words/byte-level"],
  ["sentencepiece", "words/sentencepiece"],
])("words of a %s tokenizer", (name, folder) => {
  test.each(cases[name]!)("$words", async ({ words, ids, wordIds }) => {
    const { encode, encodeWord = encode } = await loadTokenizer(fixtures(folder));
    const found = words.map((word) => encodeWord(word));
    expect(found.flat()).toEqual(ids.slice(1, -1));
    const of = wordIds.slice(1, -1);
    expect(found.map(({ length }) => length)).toEqual(words.map((_, word) => of.filter((id) => id === word).length));
  });
});

test("a space stands before a word of a byte-level tokenizer, and only there", async () => {
  const { encode, encodeWord } = await loadTokenizer(fixtures("words/byte-level"));
  expect(encodeWord!("London")).toEqual(encode(" London"));
  expect(encodeWord!("London")).not.toEqual(encode("London"));
});
