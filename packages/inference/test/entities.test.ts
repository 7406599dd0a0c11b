import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadTokenizer } from "@blora/tokenizer";
import { describe, expect, test } from "vitest";
import { findEntities } from "../src/words/find-entities.ts";
import { readWords, type WordsInput } from "../src/words/read-words.ts";

const fixtures = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));

interface Entity {
  readonly entity: string;
  readonly score: number;
  /** In characters. */
  readonly start: number;
  readonly end: number;
}

/** Made by fixtures/words/pipeline.py with transformers: ids and logits include those that frame the text. */
interface Golden {
  readonly labels: readonly string[];
  readonly cases: Readonly<
    Record<
      string,
      readonly {
        readonly input: WordsInput;
        readonly ids: readonly number[];
        readonly logits: readonly (readonly number[])[];
        readonly simple: readonly Entity[];
        readonly first?: readonly Entity[];
      }[]
    >
  >;
}

const { labels, cases } = JSON.parse(readFileSync(fixtures("words/entities.json"), "utf8")) as Golden;

describe.each(Object.keys(cases))("entities of a tokenizer in %s are those of transformers' pipeline", (folder) => {
  test.each(cases[folder]!)("$input", async ({ input, ids, logits, simple, first }) => {
    const read = readWords(input, await loadTokenizer(fixtures(folder)));
    expect(read.pieces.map(({ id }) => id)).toEqual(ids.slice(1, -1));
    const own = logits.slice(1, -1).map((row) => Float32Array.from(row));
    const units = (characters: number): number => Array.from(read.text).slice(0, characters).join("").length;
    for (const [aggregation, expected] of [
      ["simple", simple],
      ["first", first],
    ] as const) {
      if (expected === undefined) continue;
      expect(findEntities(read, own, labels, aggregation)).toEqual(
        expected.map(({ entity, score, start, end }) => ({
          tag: entity,
          score: expect.closeTo(score, 6),
          ...{ start: units(start), end: units(end), text: read.text.slice(units(start), units(end)) },
        })),
      );
    }
  });
});

test("words of a text are cut at spaces and punctuation; given words stand a space apart", async () => {
  const tokenizer = await loadTokenizer(fixtures("wordpiece"));
  const wordsOf = (input: WordsInput): string[] => {
    const { text, pieces } = readWords(input, tokenizer);
    return [...new Set(pieces.map(({ word }) => word))].map((word) => {
      const own = pieces.filter((piece) => piece.word === word);
      return text.slice(own[0]!.start, own.at(-1)!.end);
    });
  };
  expect(wordsOf(" Ada's (first) program. ")).toEqual(["Ada", "'", "s", "(", "first", ")", "program", "."]);
  expect(wordsOf(["New York", "", "is", "x"])).toEqual(["New York", "is", "x"]);
});

test("a text that is cut has no entities behind its end", () => {
  const pieces = [0, 1, 2].map((word) => ({ id: 5, word, start: 2 * word, end: 2 * word + 1 }));
  const logits = [Float32Array.of(0, 1), Float32Array.of(0, 1)];
  expect(findEntities({ text: "a b c", pieces }, logits, ["O", "B-X"], "first").map(({ text }) => text)).toEqual([
    "a",
    "b",
  ]);
});
