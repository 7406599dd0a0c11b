import { join } from "node:path";
import { BloraError } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { understandData } from "../src/index.ts";
import { folder } from "./found-files.ts";

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
    [
      "bars.csv",
      {
        kind: "class",
        several: true,
        separator: "|",
        text: "text",
        label: "label",
        labels: ["food", "price", "service"],
      },
    ],
    [
      "commas.csv",
      { kind: "class", several: true, separator: ",", text: "text", label: "label", labels: ["2", "3", "10", "27"] },
    ],
    [
      "cities.csv",
      { kind: "class", text: "text", label: "label", labels: ["Lyon, France", "Nice, France", "Paris, France"] },
    ],
    ["lists.jsonl", { kind: "class", several: true, text: "text", label: "labels", labels: ["x", "y"] }],
    ["lists.csv", { kind: "class", several: true, text: "text", label: "label", labels: ["x", "y"] }],
    ["brackets.csv", { kind: "class", text: "text", label: "label", labels: ["[neg]", "[pos]"] }],
    ["answers.csv", { kind: "class", text: "question", label: "answer", labels: ["no", "yes"] }],
    ["indexed.csv", { kind: "class", text: "headline text", label: "label", labels: ["x", "y"] }],
    ["tickets.csv", { kind: "class", text: "text", label: "team", labels: ["x", "y"] }],
    ["filled.csv", { kind: "class", text: "text", label: "label", labels: ["x", "y"] }],
  ])("%s", async (name, expected) => {
    expect((await understandData(at(name))).options).toEqual(expected);
  });

  test("what is given is kept", async () => {
    const given = { kind: "number", text: "Review", validationSeed: 7 } as const;
    expect((await understandData(at("stars.csv"), given)).options).toEqual({ ...given, label: "Stars" });
    const bars = { several: false } as const;
    expect((await understandData(at("bars.csv"), bars)).options.labels).toEqual([
      "[]",
      "food|price",
      "price",
      "service",
      "service |food",
    ]);
    expect((await understandData(at("cities.csv"), { separator: "," })).options).toEqual({
      ...{ kind: "class", several: true, separator: ",", text: "text", label: "label" },
      labels: ["France", "Lyon", "Nice", "Paris"],
    });
    const braces = { several: false } as const;
    expect((await understandData(at("braces.csv"), braces)).options.labels).toEqual(["{x}", "{y}"]);
    // The answer is no text, or it would be read and learned.
    expect((await understandData(at("passages.csv"), { label: "answer" })).options).toEqual({
      ...{ kind: "class", text: "question", label: "answer", labels: ["no", "yes"] },
    });
    const named = { text: "hypothesis", label: "id", labels: ["3", "2", "1"] };
    expect((await understandData(at("pairs.tsv"), named)).options).toEqual({ ...named, kind: "class" });
  });

  test("one sentence says what was understood", async () => {
    expect((await understandData(at("stars.csv"))).sentence).toBe(
      "stars.csv: 4 labelled rows; learns from the text in Review which of 3 classes is in Stars (1, 5, 10).",
    );
    expect((await understandData(at("bars.csv"))).sentence).toBe(
      'bars.csv: 5 labelled rows; learns from the text in text which of 3 classes are in label, joined by "|", any number of them (food, price, service).',
    );
    expect((await understandData(at("lists.csv"))).sentence).toContain(
      "2 classes are in label, any number of them (x, y)",
    );
    expect((await understandData(at("similar.jsonl"))).sentence).toBe(
      "similar.jsonl: 2 labelled rows; learns from the texts in sentence1 and sentence2 the number in score.",
    );
  });

  test("the sentence tells classes that look the same, and those that stand for no value", async () => {
    expect((await understandData(at("alike.csv"))).sentence).toContain(
      "unseen, un\u200bseen, yes). Learned as classes of their own: 0 and 0.0; Yes and yes; at-home and at_home; unseen and un\u200bseen.",
    );
    expect((await understandData(at("unlike.csv"))).sentence).toContain(
      "). Learned as classes of their own: \u2764 and \u2764\ufe0f.",
    );
    expect((await understandData(at("no-values.csv"))).sentence).toContain(
      "(-, NA, nan, neg, pos). -, NA, nan are learned as classes: leave such rows out where it stands for no label.",
    );
    const { sentence } = await understandData(at("no-values.csv"), { labels: ["pos", "neg", "NA", "nan", "-"] });
    expect(sentence.endsWith("(pos, neg, NA, nan, -).")).toBe(true);
  });

  test("a list of numbers names classes, each once", async () => {
    expect((await understandData(at("numbered.jsonl"))).options.labels).toEqual(["0", "1", "3"]);
  });
});

test("balanced weights make up for how often a class is learned", async () => {
  // As scikit-learn's compute_class_weight("balanced"): one text of each class that has two is held out.
  const { options } = await understandData(at("skewed.csv"), { classWeights: "balanced", validationShare: 0.2 });
  expect(options.classWeights).toEqual({ a: 5 / 9, b: 5 / 3, c: 5 / 3 });
  const several = await understandData(at("bars.csv"), { classWeights: "balanced", evaluation: ["train"] }).catch(
    String,
  );
  expect(several).toContain(
    "row 6: expected a label in column label, found an empty cell. A row of none of the classes has the list [].",
  );
  const lists = await understandData(at("lists.csv"), { classWeights: "balanced", evaluation: ["train"] });
  expect(lists.options.classWeights).toEqual({ x: 2, y: 1 / 2 });
});

describe("what cannot be told", () => {
  test.each([
    [
      "decimal-commas.csv",
      {},
      'expected classes in column label, found 30 different texts in 30 rows. For numbers write each with digits and a decimal point alone: "0,5" is none.',
    ],
    [
      "one-nan.csv",
      {},
      'expected classes in column label, found 30 different texts in 30 rows. For numbers write each with digits and a decimal point alone: "nan" is none.',
    ],
    [
      "unnamed.csv",
      {},
      "expected a column that is the label, found the columns a, b, c. Name it: task.label=<column>.",
    ],
    [
      "row-numbers.csv",
      {},
      "expected a column that is the label, found the columns , text. Name it: task.label=<column>.",
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
    ["alone.csv", {}, 'expected at least two classes in column label, found "yes" alone.'],
    ["page.csv", {}, "expected the names of the columns in its first line, found a web page."],
    [
      "headless.csv",
      {},
      "expected a column that is the label, found the columns a very good film, pos. Name it: task.label=<column>. Its first line must hold the names of the columns.",
    ],
    ["nothing.csv", {}, "expected the names of the columns in its first line, found an empty file."],
    ["binary.csv", {}, "expected the names of the columns in its first line, found bytes that are no text."],
    [
      "semicolons.csv",
      {},
      'expected several columns, found one called "text;label". Separate them by commas in a csv file, or by tabs in a tsv file.',
    ],
    [
      "python.csv",
      {},
      `, row 2: expected a JSON list of labels such as ["a", "b"], found ['x', 'y']. Set task.several=false where this is the name of one class.`,
    ],
    [
      "numpy.csv",
      {},
      ', row 2: expected a JSON list of labels such as ["a", "b"], found [0 2]. Set task.several=false',
    ],
    ["tuples.csv", {}, `, row 2: expected a JSON list of labels such as ["a", "b"], found ('x', 'y').`],
    ["sets.csv", {}, `, row 2: expected a JSON list of labels such as ["a", "b"], found {'x', 'y'}.`],
    ["arrays.csv", {}, ', row 2: expected a JSON list of labels such as ["a", "b"], found {x,y}.'],
    [
      "studio.csv",
      { several: true },
      ', row 2: expected a JSON list of labels such as ["a", "b"], found {"choices": ["x", "y"]}.',
    ],
    ["ids.csv", {}, "expected a column that is the label, found the columns id, text. Name it: task.label=<column>."],
    ["mixed.csv", {}, ', row 3: expected a list of labels as in other rows, found "y". Set task.several=true'],
    ["holes.jsonl", {}, ", row 2: expected a list of labels, found nothing in it."],
    [
      "several-hot.jsonl",
      {},
      ", row 2: expected a list of the labels a row has, each once, found [0,0], which has a value for every class.",
    ],
    [
      "shares.jsonl",
      {},
      ", row 1: expected a list of the labels a row has, each once, found [0.9,0.1], which has a value for every class.",
    ],
    [
      "long-ids.jsonl",
      {},
      ", row 1: expected a class that a JSON number can tell from others, found one near 9007199254740992, beyond 2^53: write it as text, in quotes.",
    ],
    ["same.jsonl", {}, "expected rows with different labels in column labels, found x, y in all."],
    ["bars.csv", { separator: "/" }, 'expected "/" between the labels in column label, found it in no row.'],
    ["bars-alone.csv", {}, ', row 4: expected labels, or the list [] for none, found "|".'],
    ["unlabelled.csv", {}, "expected rows with a label in label, found none."],
  ])("%s %j", async (name, given, expected) => {
    await expect(understandData(at(name), given)).rejects.toThrow(
      `${at(name)}${expected.startsWith(",") ? "" : ": "}${expected}`,
    );
  });

  test.each([
    ["stars.csv", { text: "Reviews", label: "Stars" }, ["text"]],
    ["stars.csv", { label: "Star" }, ["label"]],
    ["pairs.tsv", { pair: "second" }, ["pair"]],
    ["bars.csv", { separator: "/", train: "train" }, ["separator"]],
    ["bars.csv", { labels: "food" }, ["labels"]],
    ["bars.csv", { text: 5, nope: 1 }, ["text", "nope"]],
    ["bars.csv", { train: "first" }, ["train", "evaluation"]],
    ["unnamed.csv", { label: "c" }, undefined],
    ["semicolons.csv", { label: "label" }, undefined],
    ["nosuch.csv", { label: "label" }, undefined],
  ])("%s %j is a fault of the options %j", async (name, given, wrongOptions) => {
    const error: unknown = await understandData(at(name), given as never).catch((thrown: unknown) => thrown);
    expect(BloraError.isInstance(error) && error.wrongOptions).toEqual(wrongOptions);
  });

  test("what JavaScript alone reads as numbers are classes", async () => {
    const { options } = await understandData(at("hexadecimal.csv"));
    expect(options.kind).toBe("class");
    expect(options.labels).toHaveLength(25);
  });

  test("a path where nothing is", async () => {
    await expect(understandData(at("nosuch.csv"))).rejects.toThrow(
      `${at("nosuch.csv")}: expected a data file or a folder of them, found nothing.`,
    );
  });
});
