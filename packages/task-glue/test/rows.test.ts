import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { glue } from "../src/index.ts";
import { folderOf } from "./folder.ts";

describe("blank lines", () => {
  test("are passed over in TSV and JSONL alike, and counted", async () => {
    const folder = await folderOf({
      "train.tsv": "sentence\tlabel\n\ngood\t1\n\n \nbad\t0\n\n",
      "dev.jsonl": '\n{"sentence":"good","label":1}\n\n{"sentence":"bad","label":0}\n\n',
      "test.json": '[\n{"sentence":"good"},\n\n{"sentence":"bad","idx":1}]',
    });
    const load = async (split: string) => {
      const { examples } = await glue({ task: "sst2" }).load(split, folder);
      return examples.map(({ first, label, origin }) => [first, label, origin.slice(folder.length + 1)]);
    };
    expect(await load("train")).toEqual([
      ["good", 1, "train.tsv, row 3"],
      ["bad", 0, "train.tsv, row 6"],
    ]);
    expect(await load("dev")).toEqual([
      ["good", 1, "dev.jsonl, row 2"],
      ["bad", 0, "dev.jsonl, row 4"],
    ]);
    expect(await load("test")).toEqual([
      ["good", undefined, "test.json, row 2"],
      ["bad", undefined, "test.json, row 4"],
    ]);
  });
});

describe("label cells", () => {
  test.each([
    [1, 1],
    [1.0, 1],
    ["1", 1],
    ["positive", 1],
    ["negative", 0],
    [-1, undefined],
    ["-1", undefined],
    [null, undefined],
    ["", undefined],
  ])("%j is read as %j", async (label, expected) => {
    const folder = await folderOf({ "train.jsonl": JSON.stringify({ sentence: "a", label }) });
    expect((await glue({ task: "sst2" }).load("train", folder)).examples[0]!.label).toBe(expected);
  });

  test.each(["1.0", true, " 1", "Positive", 2, 0.5, [1], { label: 1 }])(
    "%j is refused by file and row",
    async (label) => {
      const folder = await folderOf({ "train.jsonl": JSON.stringify({ sentence: "a", label }) });
      await expect(glue({ task: "sst2" }).load("train", folder)).rejects.toThrow(
        `${join(folder, "train.jsonl")}, row 1: expected a label (negative, positive or 0 to 1), found `,
      );
    },
  );

  test("are not lost where the first row has none", async () => {
    const folder = await folderOf({ "train.jsonl": '{"sentence":"a"}\n{"label":1,"sentence":"b","idx":7}' });
    expect((await glue({ task: "sst2" }).load("train", folder)).examples.map(({ label }) => label)).toEqual([
      undefined,
      1,
    ]);
  });
});

describe("bad input", () => {
  const sst2 = glue({ task: "sst2" });

  test("a label out of range names row and label (row 30)", async () => {
    const folder = await folderOf({
      "train.tsv": "sentence\tlabel\ngood\t1\nbad\t2\n",
      "dev.tsv": "sentence\tlabel\ngood\tpos\n",
    });
    await expect(sst2.load("train", folder)).rejects.toThrow(
      /train\.tsv, row 3: expected a label \(negative, positive or 0 to 1\), found "2"/,
    );
    await expect(sst2.load("dev", folder)).rejects.toThrow(/row 2: .* found "pos"/);
    const { examples, notes } = await sst2.load("dev", folder, { unlabelled: true });
    expect(examples.every(({ label }) => label === undefined)).toBe(true);
    expect(notes.join(" ")).not.toContain("have no label");
  });

  test("an STS-B score that is no number from 0 to 5 names its row (row 33)", async () => {
    for (const score of ["5.2", "high", "-0.5", " ", "0x3", "1_0"]) {
      const folder = await folderOf({ "train.tsv": `sentence1\tsentence2\tscore\na\tb\t${score}\n` });
      await expect(glue({ task: "stsb" }).load("train", folder)).rejects.toThrow(/row 2: expected a score from 0 to 5/);
    }
  });

  test("a labelled split without a label column, or without its text, names the columns it has (row 35)", async () => {
    const folder = await folderOf({ "train.tsv": "index\tsentence\n0\tgood\n", "dev.tsv": "text\tlabel\na\t1\n" });
    await expect(sst2.load("train", folder)).rejects.toThrow(
      "expected a label column named label, found the columns index, sentence",
    );
    await expect(sst2.load("dev", folder)).rejects.toThrow(
      "expected a text column named sentence, found the columns text, label",
    );
  });

  test("an empty file says so, and why (row 28)", async () => {
    const folder = await folderOf({ "train.tsv": "", "dev.tsv": "sentence\tlabel\n" });
    await expect(sst2.load("train", folder)).rejects.toThrow(/train\.tsv/);
    await expect(sst2.load("dev", folder)).rejects.toThrow("expected rows, found none");
    const header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n";
    const cut = await folderOf({ "QQP/train.tsv": `${header}1\t2\n` });
    await expect(glue({ task: "qqp" }).load("train", cut)).rejects.toThrow(
      "found none: all 1 were left out because they are cut short",
    );
  });

  test("a split or folder that is absent lists what is there", async () => {
    const folder = await folderOf({ "SST-2/train.tsv": "sentence\tlabel\n" });
    await expect(sst2.load("validation", folder)).rejects.toThrow(/split validation is not in .*: found train\.tsv/);
    await expect(sst2.load("tran.tsv", folder)).rejects.toThrow("Did you mean train.tsv?");
    await expect(sst2.load("train", join(folder, "nowhere"))).rejects.toThrow("cannot be read");
    await expect(sst2.load("train", undefined)).rejects.toThrow("no built-in data");
  });

  test("a file name cannot leave the data folder", async () => {
    const folder = await folderOf({});
    await expect(sst2.load("../train.tsv", folder)).rejects.toThrow("found the path ../train.tsv");
  });
});
