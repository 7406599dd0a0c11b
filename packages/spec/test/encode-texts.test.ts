import { expect, test } from "vitest";
import { placeTokens, type Tokenizer } from "../src/index.ts";

/** Puts special tokens before and after a text. */
function framed(before: readonly number[], after: readonly number[]): Pick<Tokenizer, "assemble"> {
  return {
    assemble(first, _, maxLength) {
      const kept = first.slice(0, maxLength - before.length - after.length);
      const inputIds = [...before, ...kept, ...after];
      return { inputIds, tokenTypeIds: inputIds.map(() => 0), truncated: kept.length < first.length };
    },
  };
}

test.each<[string, number[], number[], number[], number[]]>([
  ["BERT", [1], [2], [1, 0, 6, 7, 2], [1, 2, 3]],
  ["Llama", [1], [], [1, 0, 6, 7], [1, 2, 3]],
  ["Qwen", [], [], [0, 6, 7], [0, 1, 2]],
  ["two tokens before", [1, 5], [2], [1, 5, 0, 6, 7, 2], [2, 3, 4]],
])("the tokens of a text are found in the frame of %s", (_, before, after, inputIds, places) => {
  expect(placeTokens(framed(before, after), [0, 6, 7], 8)).toEqual({
    inputIds,
    tokenTypeIds: inputIds.map(() => 0),
    truncated: false,
    places,
  });
});

test("those that are cut off have no place, and a text without tokens has none", () => {
  const { inputIds, places, truncated } = placeTokens(framed([1], [2]), [5, 6, 7], 4);
  expect({ inputIds, places, truncated }).toEqual({ inputIds: [1, 5, 6, 2], places: [1, 2], truncated: true });
  expect(placeTokens(framed([], []), [], 4).places).toEqual([]);
});
