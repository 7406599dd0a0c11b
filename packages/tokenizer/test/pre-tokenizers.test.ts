import { describe, expect, it } from "vitest";
import { tokenizerOf } from "./folder-fixture.ts";

const TEXT = "naïve x², «да»... ١٢ 12\u3000a--b|>";

/** Words of the Rust library's own pre-tokenizers (tokenizers 0.23.3). */
const SPLITS: readonly (readonly [step: Readonly<Record<string, unknown>>, words: readonly string[]])[] = [
  [{ type: "Whitespace" }, ["naïve", "x", "²,", "«", "да", "»...", "١٢", "12", "a", "--", "b", "|>"]],
  [{ type: "WhitespaceSplit" }, ["naïve", "x²,", "«да»...", "١٢", "12", "a--b|>"]],
  [
    { type: "BertPreTokenizer" },
    ["naïve", "x²", ",", "«", "да", "»", ".", ".", ".", "١٢", "12", "a", "-", "-", "b", "|", ">"],
  ],
  [
    { type: "Digits", individual_digits: true },
    ["naïve x", "²", ", «да»... ", "١", "٢", " ", "1", "2", "\u3000a--b|>"],
  ],
  [{ type: "Digits", individual_digits: false }, ["naïve x", "²", ", «да»... ", "١٢", " ", "12", "\u3000a--b|>"]],
  [
    { type: "Punctuation", behavior: "Isolated" },
    ["naïve x²", ",", " ", "«", "да", "»", ".", ".", ".", " ١٢ 12\u3000a", "-", "-", "b", "|", ">"],
  ],
  [
    { type: "Punctuation", behavior: "Contiguous" },
    ["naïve x²", ",", " ", "«", "да", "»...", " ١٢ 12\u3000a", "--", "b", "|>"],
  ],
  [{ type: "Punctuation", behavior: "Removed" }, ["naïve x²", " ", "да", " ١٢ 12\u3000a", "b"]],
  [
    { type: "Split", pattern: { String: "-" }, behavior: "Isolated", invert: false },
    ["naïve x², «да»... ١٢ 12\u3000a", "-", "-", "b|>"],
  ],
  [
    { type: "Split", pattern: { String: "-" }, behavior: "MergedWithPrevious", invert: false },
    ["naïve x², «да»... ١٢ 12\u3000a-", "-", "b|>"],
  ],
  [
    { type: "Split", pattern: { String: "-" }, behavior: "MergedWithNext", invert: false },
    ["naïve x², «да»... ١٢ 12\u3000a", "-", "-b|>"],
  ],
  [
    { type: "Split", pattern: { String: "-" }, behavior: "Contiguous", invert: false },
    ["naïve x², «да»... ١٢ 12\u3000a", "--", "b|>"],
  ],
  [
    { type: "Split", pattern: { Regex: "\\p{N}+" }, behavior: "Isolated", invert: true },
    ["naïve x", "²", ", «да»... ", "١٢", " ", "12", "\u3000a--b|>"],
  ],
];

/** A tokenizer whose tokens are these words, in their order. */
const ofWords = (preTokenizer: unknown, words: readonly string[]) =>
  tokenizerOf({
    "tokenizer.json": {
      version: "1.0",
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: preTokenizer,
      post_processor: null,
      decoder: null,
      model: {
        type: "WordLevel",
        unk_token: "[UNK]",
        vocab: Object.fromEntries(["[UNK]", ...words].map((word, id) => [word, id])),
      },
    },
    "tokenizer_config.json": { unk_token: "[UNK]", pad_token: "[UNK]" },
  });

describe("the pre-tokenizer of a tokenizer.json", () => {
  for (const [step, expected] of SPLITS) {
    const name = [step.type, step.behavior, step.individual_digits, step.invert].filter(Boolean).join(" ");
    const words = [...new Set(expected)];
    const ids = expected.map((word) => 1 + words.indexOf(word));

    it(`cuts words as the Rust library does: ${name}`, async () => {
      expect((await ofWords(step, words)).encode(TEXT)).toEqual(ids);
    });

    it(`does so in a sequence: ${name}`, async () => {
      const sequence = { type: "Sequence", pretokenizers: [step] };
      expect((await ofWords(sequence, words)).encode(TEXT)).toEqual(ids);
    });
  }
});
