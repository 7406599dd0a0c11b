import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ClassifyOptions, classify, understandData } from "../src/index.ts";
import { examplesOf } from "../src/rows.ts";
import { dataFolder } from "./folder.ts";

const OPTIONS: ClassifyOptions = { kind: "class", labels: ["no", "yes"], text: "text", label: "label" };
const rows = (count: number, label: string, name = label): string[] =>
  Array.from({ length: count }, (_, row) => `${name} ${row},${label}`);

const folder = dataFolder({
  "one.csv": ["text,label", ...rows(80, "no"), ...rows(20, "yes"), "no 0,no", "both,no", "both,yes"],
  "new.csv": ["text", "what is this", "and this"],
  "capitals.csv": ["text,Label ", "a,no"],
  "wrong.csv": ["text,label", "a,no", "b,yse"],
  "unknown.csv": ["text,label", "a,no", "b,maybe", "c,perhaps", "d,maybe"],
  "empty-label.csv": ["text,label", "a,no", "b,", "c,", "d, "],
});
const splits = dataFolder({
  "train.csv": ["text,label", "a,no", "b,yes", "c,no"],
  "dev.csv": ["text,label", "a,no", "d,yes", "e,"],
  "test.csv": ["text,label", "f,yes"],
});
const load = (split: string, data: string, options = OPTIONS) => classify(options).load(split, data);

test("a tenth of each of very many labels is held out", async () => {
  const [C, N] = [1500, 15_000];
  // Every label on thirty texts, each text with three of them.
  const lists = Array.from({ length: N }, (_, row) => [row % C, (7 * row + 1) % C, (11 * row + 5) % C]);
  const data = dataFolder({
    "train.jsonl": lists.map((list, row) => JSON.stringify({ text: `t${row}`, labels: list.map(String) })),
  });
  const labels = Array.from({ length: C }, (_, label) => String(label));
  const options = { ...OPTIONS, several: true, label: "labels", labels };
  const { examples } = await load("validation", data, options);
  expect(examples.length / N).toBeCloseTo(0.1, 1);
  const held = new Map<number, number>();
  for (const label of examples.flatMap((example) => example.labels ?? [])) held.set(label, (held.get(label) ?? 0) + 1);
  expect(held.size).toBeGreaterThan(0.98 * C);
  expect([...held.values()].filter((count) => count >= 2 && count <= 4).length).toBeGreaterThan(0.85 * C);
});

test("texts that pandas quoted in a tsv file are told, of the training and of a file to be answered", async () => {
  // What pandas.DataFrame.to_csv(sep="\t", index=False) writes of: he said "no"; 5" disc; plain.
  const tsv = ["text\tlabel", '"he said ""no"""\tno', '"5"" disc"\tyes', "plain\tno"];
  const data = dataFolder({
    "train.tsv": tsv,
    "new.tsv": ["text", '"""hi"""', '"hi" he said'],
    "all.tsv": ["text", '"a"', '"b"'],
  });
  const message = (file: string, count: string): string =>
    `${join(data, file)}: ${count} read with the quotes around and any doubled ones inside, which pandas and others write: quotes are part of the text in tsv. Write it as csv, or with quoting=csv.QUOTE_NONE.`;
  expect((await load("train", data)).notes).toEqual([message("train.tsv", "2 texts are")]);
  expect((await load("new.tsv", join(data, "new.tsv"))).notes).toEqual([message("new.tsv", "1 text is")]);
  expect((await load("all.tsv", join(data, "all.tsv"))).notes).toEqual([message("all.tsv", "2 texts are")]);
});

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

  test("labels in a column that is spelled otherwise are not taken for none, but where rows are answered", async () => {
    const file = join(folder, "capitals.csv");
    await expect(load("capitals.csv", file)).rejects.toThrow(
      `${file}: expected a label column named label, found the columns text, Label .`,
    );
    const { examples } = await classify(OPTIONS).load("capitals.csv", file, { unlabelled: true });
    expect(examples).toEqual([{ first: "a", origin: `${file}, row 2` }]);
  });

  test("rows that are answered may have anything for a label", async () => {
    const file = join(folder, "unknown.csv");
    const { examples } = await classify(OPTIONS).load("unknown.csv", file, { unlabelled: true });
    expect(examples.map(({ first, label }) => [first, label])).toEqual([
      ["a", undefined],
      ["b", undefined],
      ["c", undefined],
      ["d", undefined],
    ]);
  });

  test("a class that is none, and a training row without a label, are refused by row", async () => {
    await expect(load("train", join(folder, "wrong.csv"))).rejects.toThrow(
      `${join(folder, "wrong.csv")}, row 3: expected one of the classes no, yes, found "yse". Did you mean yes?`,
    );
    await expect(load("unknown.csv", join(folder, "unknown.csv"))).rejects.toThrow(
      `${join(folder, "unknown.csv")}, row 3: expected one of the classes no, yes, found "maybe" and, in later rows, "perhaps".`,
    );
    await expect(load("train", join(folder, "empty-label.csv"))).rejects.toThrow(
      `${join(folder, "empty-label.csv")}, row 3: expected a label in column label, found an empty cell, as in 2 other rows.`,
    );
  });
});

describe("the number -1 of a row without a label", () => {
  const marked = dataFolder({
    "new.jsonl": ['{"text":"a","label":-1}', '{"text":"b","label":"yes"}'],
    "train.csv": ["text,label", "a,no", "b,-1", "c,yes", "d,"],
  });

  test("needs no class where rows are answered", async () => {
    const { examples } = await load("new.jsonl", join(marked, "new.jsonl"));
    expect(examples.map(({ label }) => label)).toEqual([undefined, 1]);
  });

  test("is refused of a training row by its name", async () => {
    await expect(load("train", join(marked, "train.csv"))).rejects.toThrow(
      "row 3: expected a label in column label, found -1, which marks a row without one, as in 1 other rows.",
    );
  });

  test("is a class where one is called so", async () => {
    const options: ClassifyOptions = { ...OPTIONS, labels: ["-1", "yes"] };
    const { examples } = await load("new.jsonl", join(marked, "new.jsonl"), options);
    expect(examples.map(({ label }) => label)).toEqual([0, 1]);
  });
});

test.each<ClassifyOptions>([OPTIONS, { kind: "number", text: "text", label: "label" }])(
  "integers of a parquet list are shown where %j expects one label",
  (options) => {
    const rows = [{ origin: "x.parquet, row 1", cells: ["a", [0n, 1n]] }];
    const table = { file: "x.parquet", columns: ["text", "label"], rows, shortRows: 0 };
    expect(() => examplesOf(table, options, "required")).toThrow("x.parquet, row 1: expected one label, found [0,1].");
  },
);

describe("a folder of splits", () => {
  test("are found however their names are spelled", async () => {
    const spelled = dataFolder({
      "Train.csv": ["text,label", "a,no", "b,yes"],
      "Valid.csv": ["text,label", "c,no"],
    });
    expect((await load("train", spelled)).examples).toHaveLength(2);
    expect((await load("validation", spelled)).examples.map(({ first }) => first)).toEqual(["c"]);
  });

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

  test("what repeats in a split is counted there", async () => {
    const repeating = dataFolder({
      "train.csv": ["text,label", "a,no", "b,yes"],
      "validation.csv": ["text,label", "c,no", "c,yes", "d,no", "d,no"],
    });
    expect((await load("validation", repeating)).notes).toEqual([
      "2 of 4 validation rows repeat the text of another.",
      "1 texts stand in validation with different labels.",
    ]);
  });

  test("a folder with one file of any name is as that file", async () => {
    const single = dataFolder({ "reviews.csv": ["text,label", "a,no", "b,yes", "c,no", "d,yes"] });
    expect((await load("train", single)).examples).toHaveLength(2);
    expect((await load("validation", single)).examples).toHaveLength(2);
  });
});

describe("several classes of a row", () => {
  const SEVERAL: ClassifyOptions = { ...OPTIONS, labels: ["a", "b", "c", "rare"], several: true, separator: "|" };
  /** 200 texts: `a` in a half, `b` in a quarter, `c` in a tenth, `rare` in six, none in the others; two stand twice. */
  const labelsOf = (row: number): string =>
    [...(row % 2 === 0 ? ["a"] : []), ...(row % 4 < 1 ? ["b"] : []), ...(row % 10 === 3 ? ["c"] : [])].join("|") ||
    "[]";
  const lines = Array.from({ length: 200 }, (_, row) => `text ${row},${row % 35 === 1 ? "rare" : labelsOf(row)}`);
  const several = dataFolder({
    "one.csv": ["text,label", ...lines, "text 0,c", "text 1,[]"],
    "few.csv": ["text,label", "p,a|b", "q,b"],
    "wrong.csv": ["text,label", "p,a| d |b", "q,e"],
  });

  test("are indices in order, none for an empty list", async () => {
    const { examples } = await load("one.csv", join(several, "one.csv"), SEVERAL);
    expect(examples.slice(0, 4).map(({ labels }) => labels)).toEqual([[0, 1], [3], [0], [2]]);
    expect(examples[7]!.labels).toEqual([]);
  });

  test("keep their shares in what is held out, equal texts together, the same each time", async () => {
    const file = join(several, "one.csv");
    const train = await load("train", file, SEVERAL);
    const validation = await load("validation", file, SEVERAL);
    const count = (label: number) => validation.examples.filter(({ labels }) => labels!.includes(label)).length;
    expect([0, 1, 2, 3].map(count)).toEqual([10, 5, 2, 1]);
    expect(validation.examples).toHaveLength(20);
    expect(train.examples).toHaveLength(182);
    const learned = new Set(train.examples.map(({ first }) => first));
    expect(validation.examples.filter(({ first }) => learned.has(first))).toEqual([]);
    expect(await load("validation", file, SEVERAL)).toEqual(validation);
    expect((await load("validation", file, { ...SEVERAL, validationSeed: 2 })).examples).not.toEqual(
      validation.examples,
    );
    expect(validation.notes).toEqual([
      "The data have no validation split: 20 of 202 training rows are held out for it (seed 42, iterative stratification by label).",
    ]);
    expect(train.notes).toEqual([
      "2 of 182 training rows repeat the text of another.",
      "2 texts stand in training with different labels.",
    ]);
  });

  test("one text is held out of the fewest", async () => {
    expect((await load("validation", join(several, "few.csv"), SEVERAL)).examples).toHaveLength(1);
    expect((await load("train", join(several, "few.csv"), SEVERAL)).examples).toHaveLength(1);
  });

  test("what is no class is listed", async () => {
    const file = join(several, "wrong.csv");
    await expect(load("train", file, SEVERAL)).rejects.toThrow(
      `${file}, row 2: expected one of the classes a, b, c, rare, found "d" and, in later rows, "e".`,
    );
  });
});

test("a class is one in whatever form of Unicode its name is written", async () => {
  const [composed, apart] = ["caf\u00e9", "cafe\u0301"];
  const data = dataFolder({
    "train.csv": ["text,label", `a,${composed}`, `b,${apart}`, "c,bar"],
    "dev.csv": ["text,label", `d,${apart}`],
    "several.jsonl": [`{"text":"e","label":["${apart}","bar"]}`, `{"text":"f","label":["${composed}"]}`],
  });
  const { options } = await understandData(data);
  expect(options.labels).toEqual(["bar", composed]);
  expect((await load("train", data, options)).examples.map(({ label }) => label)).toEqual([1, 1, 0]);
  const old = { ...options, labels: ["bar", apart] };
  expect((await load("validation", data, old)).examples.map(({ label }) => label)).toEqual([1]);
  expect((await understandData(join(data, "several.jsonl"))).options.labels).toEqual(["bar", composed]);
});

test("a folder with two files of a split says which is read", async () => {
  const data = dataFolder({
    "train.csv": ["text,label", "a,no", "b,yes", "c,no"],
    "train.jsonl": ['{"text":"z","label":"no"}'],
    "dev.json": ['[{"text":"d","label":"yes"}]'],
  });
  expect((await load("train", data)).notes).toEqual([`${data}: only train.csv is read, not train.jsonl beside it.`]);
  expect((await load("validation", data)).examples).toMatchObject([{ first: "d", label: 1 }]);
});
