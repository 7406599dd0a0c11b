import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Tokenizer } from "@blora/spec";
import { createTestTokenizer, testTask } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { type TokensOptions, tokens, understandData } from "../src/index.ts";
import { dataFolder } from "./folder.ts";

const CONLL = ["Anna B-PER", "Lind I-PER", "lives O", "in O", "Oslo B-LOC", "", "Go O", "", "New B-LOC", "York I-LOC"];
const folder = dataFolder({ "ner.conll": CONLL, "pos.conll": ["Go VERB", "", "home NOUN", "", "go VERB", "on ADV"] });
const LABELS = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"];
const entities: TokensOptions = { labels: LABELS, scheme: "IOB2", words: 1, tags: 2 };
const partsOfSpeech: TokensOptions = { labels: ["ADV", "NOUN", "VERB"], scheme: "none", words: 1, tags: 2 };

describe("entities", () => testTask(tokens(entities), { folder: join(folder, "ner.conll") }));
describe("parts of speech", () => testTask(tokens(partsOfSpeech), { folder: join(folder, "pos.conll") }));

test("what the data say makes the options of the task", async () => {
  expect(await understandData(join(folder, "ner.conll"))).toEqual({
    options: entities,
    sentence:
      "ner.conll: 3 sentences of 8 words; learns from the words in column 1 which of 5 tags in IOB2 is in column 2 (O, B-LOC, I-LOC, B-PER, I-PER).",
  });
  expect((await understandData(join(folder, "pos.conll"))).options).toEqual(partsOfSpeech);
  expect(tokens(entities).head).toEqual({ kind: "token-classification", labels: LABELS });
});

describe("options", () => {
  test.each<[Record<string, unknown>, string]>([
    [{ labels: ["O", "O"] }, "expected each tag once"],
    [{ scheme: "IOB" }, "scheme"],
    [{ tags: 0 }, "tags"],
    [{ colour: "red" }, "colour"],
  ])("%j", (change, expected) => {
    expect(() => tokens({ ...entities, ...change } as TokensOptions)).toThrow(expected);
  });
});

/** Logits whose largest is of these tags. */
const logitsOf = (labels: readonly string[], tags: readonly string[]): Float32Array =>
  Float32Array.from(tags.flatMap((tag) => labels.map((label) => (label === tag ? 3 : 0))));

interface Golden {
  readonly entities: readonly {
    readonly labels: readonly (readonly string[])[];
    readonly predictions: readonly (readonly string[])[];
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly types: Readonly<Record<string, Readonly<Record<string, number>>>>;
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../../fixtures/metrics/golden.json", import.meta.url), "utf8"),
) as Golden;

/** Of fixtures/metrics/make.py: tags drawn without regard to what may follow what. */
test.each(golden.entities)(
  "scores are seqeval's, sentence by sentence",
  ({ labels, predictions, precision, recall, f1, types }) => {
    const names = [...new Set(["O", ...labels.flat(), ...predictions.flat()])];
    const task = tokens({ ...entities, labels: names });
    const given = labels.flat().map((tag) => names.indexOf(tag));
    const answers = labels.map(({ length }) => length);
    const scores = task.score(logitsOf(names, predictions.flat()), given, answers);
    const right = predictions.flat().filter((tag, word) => tag === labels.flat()[word]).length;
    expect(scores).toEqual({
      f1: expect.closeTo(f1, 12),
      precision: expect.closeTo(precision, 12),
      recall: expect.closeTo(recall, 12),
      accuracy: right / given.length,
    });
    const close = (scores: Readonly<Record<string, number>>) =>
      Object.fromEntries(Object.entries(scores).map(([metric, value]) => [metric, expect.closeTo(value, 12)]));
    expect(task.scoreByType!(logitsOf(names, predictions.flat()), given, answers)).toEqual(
      Object.fromEntries(Object.entries(types).map(([type, scores]) => [type, close(scores)])),
    );
  },
);

test("an entity ends with its sentence, and an I without B begins one", () => {
  const task = tokens(entities);
  const given = ["B-PER", "I-PER", "I-PER", "O"].map((tag) => LABELS.indexOf(tag));
  const logits = logitsOf(LABELS, ["B-PER", "I-PER", "I-PER", "O"]);
  expect(task.score(logits, given, [2, 2])).toEqual({ f1: 1, precision: 1, recall: 1, accuracy: 1 });
  // Cut elsewhere, the same tags are other entities: (0-0), (1-2) instead of (0-1), (2-2).
  const joined = logitsOf(LABELS, ["B-PER", "I-PER", "B-PER", "O"]);
  expect(task.score(joined, given, [4]).f1).toBe(0);
  expect(task.score(joined, given, [2, 2]).f1).toBe(1);
});

test("BILOU counts as IOBES", () => {
  const labels = ["O", "B-X", "I-X", "L-X", "U-X"];
  const task = tokens({ labels, scheme: "BILOU", words: 1, tags: 2 });
  const given = ["U-X", "U-X", "B-X", "I-X", "L-X"].map((tag) => labels.indexOf(tag));
  const logits = logitsOf(labels, ["U-X", "O", "B-X", "I-X", "L-X"]);
  const { precision, recall } = task.score(logits, given, [5]);
  expect([precision, recall]).toEqual([1, 2 / 3]);
});

test("tags of words alone are scored word by word", () => {
  const { labels } = partsOfSpeech;
  const scores = tokens(partsOfSpeech).score(logitsOf(labels, ["ADV", "NOUN", "VERB", "VERB"]), [0, 1, 1, 2], [4]);
  expect(scores).toEqual({ accuracy: 0.75, macro_f1: expect.closeTo((1 + 2 / 3 + 2 / 3) / 3, 12) });
  expect(tokens(partsOfSpeech).majority([2, 2, 0], [3])).toEqual({
    accuracy: 2 / 3,
    macro_f1: expect.closeTo(0.8 / 2, 12),
  });
});

/** As tokenizers of BERT, Llama and Qwen put special tokens around a text: both sides, before it alone, none. */
test.each<[string, number[], number[], number[]]>([
  ["both sides", [1], [2], [1, 2, 3]],
  ["before it", [1], [], [1, 2, 3]],
  ["nowhere", [], [], [0, 1, 2]],
])("every word is answered where it stands, with special tokens on %s", (_, before, after, targets) => {
  const tokenizer: Tokenizer = {
    ...createTestTokenizer(),
    assemble: (first) => {
      const inputIds = [...before, ...first, ...after];
      return { inputIds, tokenTypeIds: inputIds.map(() => 0), truncated: false };
    },
  };
  const example = { first: "", words: ["Anna", "Lind", "lives"], labels: [3, 4, 0], origin: "a:1" };
  const encoded = tokens(entities).encode(example, tokenizer, 16);
  expect(encoded).toMatchObject({ targets, words: [0, 1, 2], labels: [3, 4, 0] });
  expect(targets.map((place) => encoded.inputIds[place])).toEqual(tokenizer.encode("Anna Lind lives"));
});
