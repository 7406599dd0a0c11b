import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { understandData } from "../src/index.ts";
import { dataFolder } from "./folder.ts";

const jsonl = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row));
const folder = dataFolder({
  "stars.csv": ["Review,Stars", "Good,5", "Bad,1", "Good again,5", "So so,10"],
  "pairs.tsv": ["id\tpremise\thypothesis\tgold_label", "1\tA\tB\tneutral", "2\tC\tD\tentailment", "3\tE\tF\tneutral"],
  "similar.jsonl": jsonl([
    { sentence1: "a", sentence2: "b", score: 4.5 },
    { sentence1: "c", sentence2: "d", score: 0 },
  ]),
  "flags.jsonl": jsonl([
    { comment: "a", toxic: true },
    { comment: "b", toxic: false },
  ]),
  "amounts.csv": ["text,label", ...Array.from({ length: 30 }, (_, row) => `text ${row},${row}`)],
  "free.csv": ["text,label", ...Array.from({ length: 30 }, (_, row) => `text ${row},words ${row}`)],
  "alone.csv": ["text,label", "a,yes", "b,yes"],
  "unnamed.csv": ["a,b,c", "1,2,3"],
  "unlabelled.csv": ["text,label", "a,", "b,"],
  "quoted.csv": ["text,label", '"a, with ""quotes""\nand lines",x', 'stray " quote,y'],
});
const at = (name: string): string => join(folder, name);

describe("columns, kind and classes", () => {
  test.each([
    ["stars.csv", { kind: "class", text: "Review", label: "Stars", labels: ["1", "5", "10"] }],
    [
      "pairs.tsv",
      { kind: "class", text: "premise", pair: "hypothesis", label: "gold_label", labels: ["entailment", "neutral"] },
    ],
    ["similar.jsonl", { kind: "number", text: "sentence1", pair: "sentence2", label: "score" }],
    ["flags.jsonl", { kind: "class", text: "comment", label: "toxic", labels: ["false", "true"] }],
    ["amounts.csv", { kind: "number", text: "text", label: "label" }],
    ["quoted.csv", { kind: "class", text: "text", label: "label", labels: ["x", "y"] }],
  ])("%s", async (name, expected) => {
    expect((await understandData(at(name))).options).toEqual(expected);
  });

  test("what is given is kept", async () => {
    const given = { kind: "number", text: "Review", validationSeed: 7 } as const;
    expect((await understandData(at("stars.csv"), given)).options).toEqual({ ...given, label: "Stars" });
    const named = { text: "hypothesis", label: "id", labels: ["3", "2", "1"] };
    expect((await understandData(at("pairs.tsv"), named)).options).toEqual({ ...named, kind: "class" });
  });

  test("one sentence says what was understood", async () => {
    expect((await understandData(at("stars.csv"))).sentence).toBe(
      "stars.csv: 4 labelled rows; learns from the text in Review which of 3 classes is in Stars (1, 5, 10).",
    );
    expect((await understandData(at("similar.jsonl"))).sentence).toBe(
      "similar.jsonl: 2 labelled rows; learns from the texts in sentence1 and sentence2 the number in score.",
    );
  });
});

describe("what cannot be told", () => {
  test.each([
    [
      "unnamed.csv",
      {},
      "expected a column that is the label, found the columns a, b, c. Name it: task.label=<column>.",
    ],
    [
      "unnamed.csv",
      { label: "c" },
      "expected a column that is the text, found the columns a, b, c. Name it: task.text=<column>.",
    ],
    [
      "stars.csv",
      { text: "Reviews" },
      "expected a text column Reviews, found the columns Review, Stars. Did you mean Review?",
    ],
    [
      "free.csv",
      {},
      "expected classes in column label, found 30 different texts in 30 rows. Name the column of the label: task.label=<column>.",
    ],
    ["alone.csv", {}, "expected at least two classes in column label, found yes alone."],
    ["unlabelled.csv", {}, "expected rows with a label in label, found none."],
  ])("%s %j", async (name, given, expected) => {
    await expect(understandData(at(name), given)).rejects.toThrow(`${at(name)}: ${expected}`);
  });

  test("a path where nothing is", async () => {
    await expect(understandData(at("nosuch.csv"))).rejects.toThrow(
      `${at("nosuch.csv")}: expected a data file or a folder of them, found nothing.`,
    );
  });
});
