import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ClassifyOptions, classify } from "../src/index.ts";
import { dataFolder } from "./folder.ts";

const OPTIONS: ClassifyOptions = { kind: "class", labels: ["no", "yes"], text: "text", label: "label" };
const rows = (count: number, label: string, name = label): string[] =>
  Array.from({ length: count }, (_, row) => `${name} ${row},${label}`);

const folder = dataFolder({
  "one.csv": ["text,label", ...rows(80, "no"), ...rows(20, "yes"), "no 0,no", "both,no", "both,yes"],
  "new.csv": ["text", "what is this", "and this"],
  "wrong.csv": ["text,label", "a,no", "b,yse"],
  "empty-label.csv": ["text,label", "a,no", "b,"],
});
const splits = dataFolder({
  "train.csv": ["text,label", "a,no", "b,yes", "c,no"],
  "dev.csv": ["text,label", "a,no", "d,yes", "e,"],
  "test.csv": ["text,label", "f,yes"],
});
const load = (split: string, data: string, options = OPTIONS) => classify(options).load(split, data);

describe("a single file", () => {
  const file = join(folder, "one.csv");

  test("a tenth of each class is held out, the same each time, and no text is on both sides", async () => {
    const train = await load("train", file);
    const validation = await load("validation", file);
    expect(train.examples.length + validation.examples.length).toBe(103);
    const counts = [0, 1].map((label) => validation.examples.filter((row) => row.label === label).length);
    expect(counts[0]).toBeGreaterThanOrEqual(8);
    expect(counts[0]).toBeLessThanOrEqual(10);
    expect(counts[1]).toBe(2);
    const learned = new Set(train.examples.map(({ first }) => first));
    expect(validation.examples.filter(({ first }) => learned.has(first))).toEqual([]);
    expect(await load("validation", file)).toEqual(validation);
    expect(validation.notes).toEqual([
      `The data have no validation split: ${validation.examples.length} of 103 training rows are held out for it (seed 42).`,
    ]);
  });

  test("another seed holds out other rows", async () => {
    const other = await load("validation", file, { ...OPTIONS, validationSeed: 1 });
    expect(other.examples).not.toEqual((await load("validation", file)).examples);
  });

  test("texts that repeat, and those with several labels, are said", async () => {
    const { notes } = await load("train", file, { ...OPTIONS, validationShare: 0.01, validationSeed: 3 });
    expect(notes).toEqual([
      "2 of 101 training rows repeat the text of another.",
      "1 texts stand in training with different labels.",
    ]);
  });

  test("every row knows where it stands", async () => {
    const { examples } = await load("one.csv", file);
    expect(examples[0]).toEqual({ first: "no 0", label: 0, origin: `${file}, row 2` });
    expect(examples).toHaveLength(103);
  });

  test("rows to be answered need no label", async () => {
    const file = join(folder, "new.csv");
    expect((await load("new.csv", file)).examples).toEqual([
      { first: "what is this", origin: `${file}, row 2` },
      { first: "and this", origin: `${file}, row 3` },
    ]);
  });

  test("a class that is none, and a training row without a label, are refused by row", async () => {
    await expect(load("train", join(folder, "wrong.csv"))).rejects.toThrow(
      `${join(folder, "wrong.csv")}, row 3: expected one of the classes no, yes, found "yse". Did you mean yes?`,
    );
    await expect(load("train", join(folder, "empty-label.csv"))).rejects.toThrow(
      `${join(folder, "empty-label.csv")}, row 3: expected a label in column label, found an empty cell.`,
    );
  });
});

describe("a folder of splits", () => {
  test("splits by their names; what stands in both is counted", async () => {
    const train = await load("train", splits);
    expect(train.examples.map(({ first, label }) => [first, label])).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 0],
    ]);
    const validation = await load("validation", splits);
    expect(validation.examples.map(({ first, label }) => [first, label])).toEqual([
      ["a", 0],
      ["d", 1],
      ["e", undefined],
    ]);
    expect(validation.notes).toEqual(["1 of 3 rows stand in training as well, so the score flatters."]);
    expect((await load("test", splits)).examples).toHaveLength(1);
  });

  test("a folder with one file of any name is as that file", async () => {
    const single = dataFolder({ "reviews.csv": ["text,label", "a,no", "b,yes", "c,no", "d,yes"] });
    expect((await load("train", single)).examples).toHaveLength(2);
    expect((await load("validation", single)).examples).toHaveLength(2);
  });
});
