import { describe, expect, test } from "vitest";
import { requireVocabulary, vocabularySizeOf } from "../src/index.ts";

const checkpoint = { config: { vocab_size: 128_100 } };

describe("the vocabulary of a checkpoint", () => {
  test("is vocab_size, unknown where the configuration has none", () => {
    expect(vocabularySizeOf(checkpoint)).toBe(128_100);
    expect(vocabularySizeOf({ config: {} })).toBeUndefined();
  });

  test("may have more rows than a tokenizer has ids, and as many", () => {
    expect(() => requireVocabulary({ vocabularySize: 128_001 }, checkpoint, "deberta")).not.toThrow();
    expect(() => requireVocabulary({ vocabularySize: 128_100 }, checkpoint, "deberta")).not.toThrow();
    expect(() => requireVocabulary({ vocabularySize: 128_001 }, { config: {} }, "deberta")).not.toThrow();
  });

  test("refuses a tokenizer with ids that it does not embed", () => {
    expect(() => requireVocabulary({ vocabularySize: 128_101 }, checkpoint, "deberta")).toThrow(
      "deberta: expected a tokenizer of at most 128100 ids, the model's vocab_size, found one of 128101. 1 token is more than the model's table has rows",
    );
    expect(() => requireVocabulary({ vocabularySize: 128_103 }, checkpoint, "deberta")).toThrow(
      "found one of 128103. 3 tokens are more than the model's table has rows: remove added tokens",
    );
  });
});
