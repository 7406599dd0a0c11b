import { InvalidInputError } from "@blora/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAssemble } from "../src/assemble.ts";
import { ROBERTA_PAIRS } from "../src/frame.ts";

const CLS = -1;
const SEP = -2;
const assemble = createAssemble({ cls: CLS, sep: SEP });
const tokens = (length: number, first = 0): number[] => Array.from({ length }, (_, index) => first + index);

describe("assemble", () => {
  it("frames one text and a pair as BERT does", () => {
    expect(assemble([5, 6], undefined, 8)).toEqual({
      inputIds: [CLS, 5, 6, SEP],
      tokenTypeIds: [0, 0, 0, 0],
      truncated: false,
    });
    expect(assemble([5], [7, 8], 6)).toEqual({
      inputIds: [CLS, 5, SEP, 7, 8, SEP],
      tokenTypeIds: [0, 0, 0, 1, 1, 1],
      truncated: false,
    });
  });

  // Ids of `tokenizers` 0.23.3 with RobertaProcessing, and of transformers' type ids for RoBERTa, which are all 0.
  it.each([
    [20, [0, 4, 5, 6, 4, 5, 2, 2, 6, 5, 4, 2]],
    [9, [0, 4, 5, 6, 2, 2, 6, 5, 2]],
    [8, [0, 4, 5, 2, 2, 6, 5, 2]],
    [7, [0, 4, 5, 2, 2, 6, 2]],
    [6, [0, 4, 2, 2, 6, 2]],
  ])("frames a pair of at most %s tokens as RoBERTa does, with two separators between", (maxLength, expected) => {
    const roberta = createAssemble({ cls: 0, sep: 2 }, ROBERTA_PAIRS);
    const { inputIds, tokenTypeIds } = roberta([4, 5, 6, 4, 5], [6, 5, 4], maxLength);
    expect(inputIds).toEqual(expected);
    expect(tokenTypeIds).toEqual(expected.map(() => 0));
    expect(roberta([4, 5, 6], undefined, 4).inputIds).toEqual([0, 4, 5, 2]);
    expect(() => roberta([4], [5], 5)).toThrow(/at least 6 tokens for two texts, found 5/);
  });

  // Lengths from `tokenizers` 0.23.3 with strategy="longest_first": tokens given, maximum length, tokens kept.
  it.each([
    [8, 8, 12, 4, 5],
    [5, 8, 12, 4, 5],
    [8, 5, 12, 5, 4],
    [8, 3, 9, 3, 3],
    [8, 2, 9, 4, 2],
    [3, 8, 12, 3, 6],
    [2, 8, 12, 2, 7],
    [3, 3, 8, 2, 3],
    [5, 5, 6, 1, 2],
    [5, 2, 6, 2, 1],
    [0, 8, 8, 0, 5],
    [3, 2, 7, 2, 2],
    [2, 2, 8, 2, 2],
  ])(
    "keeps of texts of %i and %i tokens at maximum length %i: %i and %i",
    (first, second, maxLength, keptFirst, keptSecond) => {
      const { inputIds } = assemble(tokens(first), tokens(second, 100), maxLength);
      expect(inputIds).toEqual([CLS, ...tokens(keptFirst), SEP, ...tokens(keptSecond, 100), SEP]);
    },
  );

  it("always ends in the separator and never exceeds the maximum", () => {
    const text = fc.array(fc.nat(9), { maxLength: 30 });
    fc.assert(
      fc.property(
        text,
        fc.option(text, { nil: undefined }),
        fc.integer({ min: 5, max: 40 }),
        (first, second, maxLength) => {
          const { inputIds, tokenTypeIds, truncated } = assemble(first, second, maxLength);
          const whole = first.length + (second?.length ?? 0) + (second === undefined ? 2 : 3);
          expect(inputIds.at(-1)).toBe(SEP);
          expect(inputIds.length).toBe(Math.min(whole, maxLength));
          expect(tokenTypeIds.length).toBe(inputIds.length);
          expect(truncated).toBe(whole > maxLength);
        },
      ),
    );
  });

  it("refuses a maximum length that leaves a text no token, and a tokenizer without its special tokens", () => {
    expect(() => createAssemble({ cls: CLS })([1], undefined, 8)).toThrow(/cls_token and sep_token/);
    expect(() => assemble([1], undefined, 2)).toThrow(InvalidInputError);
    expect(() => assemble([1], [2], 4)).toThrow(/at least 5 tokens for two texts, found 4/);
    expect(() => assemble([1], [2], Number.NaN)).toThrow(InvalidInputError);
  });
});
