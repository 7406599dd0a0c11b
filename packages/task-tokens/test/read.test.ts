import { join } from "node:path";
import { BloraError } from "@blora/spec";
import { parquetWriteFile } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { understandData } from "../src/index.ts";
import { readSentences } from "../src/sentences.ts";
import { recognizes } from "../src/understand-data.ts";
import { CONLL_FILES } from "./conll-files.ts";
import { dataFolder } from "./folder.ts";

const folder = dataFolder({
  ...CONLL_FILES,
  "names.jsonl": [
    '{"id":"0","tokens":["A","b"],"pos_tags":["X","Y"],"ner_tags":["O","B-X"]}',
    '{"id":"1","tokens":["c"],"pos_tags":["X"],"ner_tags":["O"]}',
  ],
  "numbers.jsonl": ['{"words":["A","b"],"tags":[0,2]}', '{"words":["c"],"tags":[1]}'],
  "beyond.jsonl": ['{"words":["A"],"tags":[3]}'],
  "lengths.jsonl": ['{"words":["A","b"],"tags":["O"]}'],
  "no-list.jsonl": ['{"words":["A"],"tags":["O"]}', '{"words":"A b","tags":["O","O"]}'],
  "no-text.jsonl": ['{"words":["A",7],"tags":["O","O"]}'],
  "no-tag.jsonl": ['{"words":["A","b"],"tags":["O",null]}'],
  "new.jsonl": ['{"tokens":["A","b"]}', '{"tokens":[]}'],
  "other.jsonl": ['{"a":["A"],"b":["O"],"c":["O"]}'],
  "table.csv": ["text,label", "a,b"],
  "texts.jsonl": ['{"text":"A b","label":"x"}'],
});
const at = (name: string): string => join(folder, name);
const read = (name: string, given = {}) => readSentences(at(name), given);

describe("lists", () => {
  test("are found by their usual names, tags of entities first", async () => {
    const { sentences, ...rest } = await read("names.jsonl");
    expect(rest).toEqual({ file: at("names.jsonl"), words: "tokens", tags: "ner_tags", notes: [] });
    expect(sentences[0]).toEqual({ words: ["A", "b"], tags: ["O", "B-X"], origin: `${at("names.jsonl")}, row 1` });
    expect((await read("names.jsonl", { tags: "pos_tags" })).sentences[0]!.tags).toEqual(["X", "Y"]);
  });

  test("of numbers take the names that are given", async () => {
    const { sentences } = await read("numbers.jsonl", { labels: ["O", "B-X", "I-X"] });
    expect(sentences.map(({ tags }) => tags)).toEqual([["O", "I-X"], ["B-X"]]);
  });

  test("of numbers take the names that datasets stored in a parquet file", async () => {
    const filename = at("train.parquet");
    const feature = { names: ["O", "B-X"], _type: "ClassLabel" };
    const features = { tokens: { feature: { dtype: "string" } }, ner_tags: { feature, _type: "List" } };
    parquetWriteFile({
      filename,
      columnData: [
        { name: "tokens", data: [["A", "b"]] },
        { name: "ner_tags", data: [[1, 0]] },
      ].map((column) => ({ ...column, type: "JSON" as const })),
      kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    });
    const { sentences, names } = await readSentences(filename, {});
    expect([sentences[0]!.tags, names]).toEqual([
      ["B-X", "O"],
      ["O", "B-X"],
    ]);
    expect((await understandData(filename)).options.labels).toEqual(["O", "B-X"]);
  });

  test("of other numbers in parquet are refused by row", async () => {
    const filename = at("numbers.parquet");
    parquetWriteFile({
      filename,
      columnData: [
        { name: "tokens", data: [["A"]], type: "JSON" },
        { name: "tags", data: [7n], type: "INT64" },
      ],
    });
    await expect(readSentences(filename, { tags: "tags" })).rejects.toThrow(
      `${filename}, row 1: expected a list in column tags, found 7.`,
    );
  });

  test("of words alone are to be tagged, also none", async () => {
    expect(
      (await read("new.jsonl", { words: 1, tags: "ner_tags" })).sentences.map(({ words, tags }) => [words, tags]),
    ).toEqual([
      [["A", "b"], undefined],
      [[], undefined],
    ]);
  });

  test.each<[string, object, string]>([
    [
      "numbers.jsonl",
      {},
      ', row 1: expected names of the tags, found the number 0 in column tags. Name them in the order of their numbers: task.labels=["O","B-PER","I-PER",…].',
    ],
    [
      "beyond.jsonl",
      { labels: ["O", "B-X"] },
      ", row 1: expected the number of a tag, 0 to 1 (O, B-X), for word 1, found 3.",
    ],
    ["lengths.jsonl", {}, ", row 1: expected as many tags as words, found 2 words and 1 tags in column tags."],
    ["no-list.jsonl", {}, ', row 2: expected a list in column words, found "A b".'],
    ["no-text.jsonl", {}, ", row 1: expected words as texts in column words, found 7 at word 2."],
    ["no-tag.jsonl", {}, ", row 1: expected a tag for word 2, found nothing."],
    [
      "other.jsonl",
      {},
      ": expected a column with a list of words in each row, found the columns a, b, c. Name it: task.words=<column>.",
    ],
    [
      "other.jsonl",
      { words: "a" },
      ": expected a column with a list of tags in each row, found the columns a, b, c. Name it: task.tags=<column>.",
    ],
    [
      "names.jsonl",
      { words: "tokns" },
      ": expected a column tokns with the words, found the columns id, tokens, pos_tags, ner_tags. Did you mean tokens?",
    ],
  ])("%s %j", async (name, given, message) => {
    await expect(read(name, given)).rejects.toThrow(at(name) + message);
  });
});

test("data of words are recognized at a glance", async () => {
  const names = [
    "plain.conll",
    "four.txt",
    "names.jsonl",
    "ragged.conll",
    "prose.txt",
    "texts.jsonl",
    "new.jsonl",
    "absent.conll",
  ];
  expect(await Promise.all(names.map((name) => recognizes(at(name))))).toEqual([
    ...[true, true, true, true],
    ...[false, false, false, false],
  ]);
});

describe("what cannot be learned from is refused", () => {
  test.each<[string, string]>([
    ["words.conll", ": expected words with tags, found words alone."],
    ["new.jsonl", ": expected words with tags, found words alone. Name the column of the tags: task.tags=<column>."],
    [
      "table.csv",
      ": expected words with tags in a file of .jsonl, .json, .parquet, .conll, .iob2, .iob, .bio, .txt, found .csv. Let the name of a CoNLL file end in .conll.",
    ],
    ["one.conll", ": expected at least two tags in column 2, found O alone."],
    [
      "texts.jsonl",
      ": expected a column with a list of words in each row, found the columns text, label. Name it: task.words=<column>.",
    ],
  ])("%s", async (name, message) => {
    await expect(understandData(at(name))).rejects.toThrow(at(name) + message);
  });

  test.each<[object, string]>([
    [{ labels: "O,B-X" }, "labels"],
    [{ tags: 1.5 }, "tags"],
    [{ colour: "red" }, 'unknown key "colour"'],
  ])("options %j", async (given, key) => {
    await expect(understandData(at("plain.conll"), given)).rejects.toThrow(`Options of task "tokens": ${key}`);
  });

  test.each([
    ["names.jsonl", { words: "tokns" }, ["words"]],
    ["plain.conll", { tags: 3 }, ["tags"]],
    ["plain.conll", { tags: 1 }, ["words", "tags"]],
    ["plain.conll", { scheme: "no" }, ["scheme"]],
    ["ragged.conll", { tags: 2 }, undefined],
    ["other.jsonl", { words: "a" }, undefined],
  ])("%s %j is a fault of the options %j", async (name, given, wrongOptions) => {
    const error: unknown = await understandData(at(name), given as never).catch((thrown: unknown) => thrown);
    expect(BloraError.isInstance(error) && error.wrongOptions).toEqual(wrongOptions);
  });
});
