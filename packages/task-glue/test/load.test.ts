import { join } from "node:path";
import { parquetWriteFile } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { glue } from "../src/index.ts";
import { folderOf } from "./folder.ts";

const MNLI_HEADER = "index\tsentence1\tsentence2\tlabel1\tgold_label\n";

describe("official TSV layout", () => {
  test("reads CoLA without a header from a GLUE root and from its own folder", async () => {
    const root = await folderOf({ "CoLA/train.tsv": "gj04\t1\t\tThe dog ran.\nbc01\t0\t*\tRan dog the.\n" });
    const cola = glue({ task: "cola" });
    for (const folder of [root, join(root, "CoLA")]) {
      const { examples } = await cola.load("train", folder);
      expect(examples).toEqual([
        { first: "The dog ran.", label: 1, origin: `${join(root, "CoLA/train.tsv")}, row 1` },
        { first: "Ran dog the.", label: 0, origin: `${join(root, "CoLA/train.tsv")}, row 2` },
      ]);
    }
  });

  test("maps MNLI labels by name and takes gold_label, not the author's (row 32)", async () => {
    const rows =
      "0\ta\tb\tneutral\tcontradiction\n1\ta\tb\tneutral\tentailment\n2\ta\tb\tentailment\tneutral\n3\ta\tb\tneutral\t-\n";
    const folder = await folderOf({ "MNLI/dev_matched.tsv": MNLI_HEADER + rows });
    const split = await glue({ task: "mnli" }).load("validation_matched", folder);
    expect(split.examples.map(({ label }) => label)).toEqual([2, 0, 1, undefined]);
    expect(split.notes).toEqual([
      "validation_matched has 4 rows; the official split has 9815.",
      "1 of 4 rows of validation_matched have no label.",
    ]);
  });

  test("maps RTE's strings and WNLI's reversed numbers", async () => {
    const header = "index\tsentence1\tsentence2\tlabel\n";
    const folder = await folderOf({
      "RTE/dev.tsv": `${header}0\ta\tb\tnot_entailment\n1\ta\tb\tentailment\n`,
      "WNLI/dev.tsv": `${header}0\ta\tb\t1\n1\ta\tb\t0\n`,
    });
    const rte = glue({ task: "rte" });
    const wnli = glue({ task: "wnli" });
    expect((await rte.load("dev", folder)).examples.map(({ label }) => label)).toEqual([1, 0]);
    expect((await wnli.load("dev", folder)).examples.map(({ label }) => label)).toEqual([1, 0]);
    expect(rte.head).toMatchObject({ labels: ["entailment", "not_entailment"] });
    expect(wnli.head).toMatchObject({ labels: ["not_entailment", "entailment"] });
  });

  test("reads a file the user names, and trains on it when told to", async () => {
    const folder = await folderOf({ "MNLI/train_subset.tsv": `${MNLI_HEADER}0\ta\tb\tneutral\tneutral\n` });
    const task = glue({ task: "mnli", train: "train_subset.tsv" });
    expect(task.splits.train).toBe("train_subset.tsv");
    const split = await task.load(task.splits.train, folder);
    expect(split).toMatchObject({
      name: "train_subset.tsv",
      notes: [],
      examples: [{ first: "a", second: "b", label: 1 }],
    });
  });

  test("never reads the labels of a test split, public or not (row 31)", async () => {
    const folder = await folderOf({ "MRPC/test.tsv": "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t2\t3\ta\tb\n" });
    const { examples } = await glue({ task: "mrpc" }).load("test", folder);
    expect(examples[0]).not.toHaveProperty("label");
  });

  test("leaves out QQP's cut rows and says how many", async () => {
    const header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n";
    const folder = await folderOf({ "QQP/train.tsv": `${header}1\t2\t3\ta\tb\t1\n4\t5\t6\ta\n` });
    const split = await glue({ task: "qqp" }).load("train", folder);
    expect(split.examples).toHaveLength(1);
    expect(split.notes[0]).toBe("1 rows of train have too few cells and were left out.");
  });
});

describe("jsonl", () => {
  test("reads labels as numbers, names and -1", async () => {
    const rows = [
      { sentence1: "a", sentence2: "b", label: 1, idx: 0 },
      { sentence1: "c", sentence2: "d", label: "entailment", idx: 1 },
      { sentence1: "e", sentence2: "f", label: -1, idx: 2 },
    ];
    const folder = await folderOf({ "train.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") });
    const { examples } = await glue({ task: "rte" }).load("train", folder);
    expect(examples.map(({ label }) => label)).toEqual([1, 0, undefined]);
    expect(examples[2]).toMatchObject({ first: "e", second: "f" });
  });

  test("names the row that is no object or lacks its text", async () => {
    const folder = await folderOf({
      "train.jsonl": '{"sentence":"a","label":1}\n{"sentence":',
      "dev.jsonl": '{"sentence":"a","label":1}\n{"label":0}',
    });
    const sst2 = glue({ task: "sst2" });
    await expect(sst2.load("train", folder)).rejects.toThrow(/train\.jsonl, row 2: expected a JSON object/);
    await expect(sst2.load("dev", folder)).rejects.toThrow(
      /dev\.jsonl, row 2: expected text in column sentence, found nothing/,
    );
  });
});

describe("parquet", () => {
  const columnData = [
    { name: "premise", data: ["a", "b", "c", "d"], type: "STRING" as const },
    { name: "hypothesis", data: ["e", "f", "g", "h"], type: "STRING" as const },
    { name: "label", data: [0n, 1n, 2n, -1n], type: "INT64" as const },
    { name: "idx", data: [0, 1, 2, 3], type: "INT32" as const },
  ];

  test("reads the Hub's file names, in shards, with int64 labels", async () => {
    const root = await folderOf({ "mnli/README.md": "" });
    for (const shard of ["00000", "00001"]) {
      parquetWriteFile({ filename: join(root, `mnli/validation_matched-${shard}-of-00002.parquet`), columnData });
    }
    const { examples } = await glue({ task: "mnli" }).load("validation_matched", root);
    expect(examples.map(({ label }) => label)).toEqual([0, 1, 2, undefined, 0, 1, 2, undefined]);
    expect(examples[5]).toMatchObject({ first: "b", second: "f" });
    expect(examples[5]!.origin).toMatch(/00001-of-00002\.parquet, row 2$/);
  });

  test("reads the files the Hub converts a split to, in order", async () => {
    const root = await folderOf({ "mnli/validation_matched/README.md": "" });
    const write = (name: string, from: number) =>
      parquetWriteFile({
        filename: join(root, "mnli/validation_matched", name),
        columnData: columnData.map(({ data, ...column }) => ({ ...column, data: data.slice(from, from + 2) })),
      });
    write("0001.parquet", 2);
    write("0000.parquet", 0);
    const { name, examples } = await glue({ task: "mnli" }).load("validation_matched", root);
    expect(name).toBe("validation_matched");
    expect(examples.map(({ first, label }) => [first, label])).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
      ["d", undefined],
    ]);
    expect(examples[3]!.origin).toBe(`${join(root, "mnli/validation_matched/0001.parquet")}, row 2`);
  });

  test("refuses a text or label that is missing or of another type, by row and column", async () => {
    const root = await folderOf({});
    const write = (split: string, sentence: unknown[], label: unknown[], type: "INT64" | "BOOLEAN" = "INT64") =>
      parquetWriteFile({
        filename: join(root, `${split}.parquet`),
        columnData: [
          { name: "label", data: label, type },
          { name: "sentence", data: sentence, type: "STRING", nullable: true },
          { name: "idx", data: label.map((_, index) => index), type: "INT32" },
        ],
      });
    write("train", ["a", null], [1n, 0n]);
    write("validation", ["a", "b"], [true, false], "BOOLEAN");
    const sst2 = glue({ task: "sst2" });
    await expect(sst2.load("train", root)).rejects.toThrow(
      `${join(root, "train.parquet")}, row 2: expected text in column sentence, found nothing.`,
    );
    await expect(sst2.load("validation", root)).rejects.toThrow(
      'row 1: expected a label (negative, positive or 0 to 1), found "true"',
    );
  });

  test("refuses a set of shards with one missing", async () => {
    const root = await folderOf({});
    parquetWriteFile({ filename: join(root, "train-00000-of-00002.parquet"), columnData });
    await expect(glue({ task: "mnli" }).load("train", root)).rejects.toThrow(
      "Expected 2 shards of train.parquet, found 1",
    );
  });

  test("maps numbers through the names stored in the file", async () => {
    const root = await folderOf({});
    const write = (split: string, names: string[]) => {
      const info = { features: { label: { names, _type: "ClassLabel" } } };
      const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info }) }];
      parquetWriteFile({ filename: join(root, `${split}.parquet`), columnData, kvMetadata });
    };
    write("train", ["contradiction", "entailment", "neutral"]);
    write("test_matched", ["contradiction", "entailment", "neutral"]);
    write("validation_matched", ["no", "yes"]);
    const mnli = glue({ task: "mnli" });
    expect((await mnli.load("train", root)).examples.map(({ label }) => label)).toEqual([2, 0, 1, undefined]);
    expect((await mnli.load("test_matched", root)).examples.every(({ label }) => label === undefined)).toBe(true);
    await expect(mnli.load("validation_matched", root)).rejects.toThrow(
      "expected the classes entailment, neutral, contradiction, found no, yes",
    );
  });

  test("reads STS-B's float scores", async () => {
    const root = await folderOf({});
    const sentences = { data: ["a", "b"], type: "STRING" as const };
    const columns = [
      { name: "sentence1", ...sentences },
      { name: "sentence2", ...sentences },
      { name: "label", data: [3.799999952316284, 0], type: "FLOAT" as const },
    ];
    parquetWriteFile({ filename: join(root, "validation-00000-of-00001.parquet"), columnData: columns });
    const { examples } = await glue({ task: "stsb" }).load("validation", root);
    expect(examples.map(({ label }) => label)).toEqual([3.799999952316284, 0]);
  });

  test("refuses a file that is not parquet", async () => {
    const root = await folderOf({ "train.parquet": "no parquet\n" });
    await expect(glue({ task: "sst2" }).load("train", root)).rejects.toThrow(/train\.parquet: expected a parquet file/);
  });
});
