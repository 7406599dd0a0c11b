import { join } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { describe, expect, test } from "vitest";
import {
  allFiles,
  findFiles,
  findSplit,
  folderOfNames,
  openFolder,
  ownFilesIn,
  type SplitPlaces,
} from "../src/index.ts";
import { folderOf } from "./folder.ts";

const FORMATS = [".tsv", ".jsonl", ".parquet"] as const;

/** Finds a split among empty files of these names; paths come back without the folder. */
async function find(names: readonly string[], split: string, places: Omit<SplitPlaces, "folder" | "formats"> = {}) {
  const folder = folderOf(Object.fromEntries(names.map((name) => [name, ""])));
  const { files, notes, ...rest } = await findSplit(split, { folder, formats: FORMATS, ...places });
  return { files: files.map((file) => file.slice(folder.length + 1)), ...rest };
}

describe("a split", () => {
  test("is one file, in the first format it is there in, gzipped or not", async () => {
    expect(await find(["train.parquet", "train.jsonl", "train.csv"], "train")).toEqual({ files: ["train.jsonl"] });
    expect(await find(["train.jsonl", "train.tsv.gz"], "train")).toEqual({ files: ["train.tsv.gz"] });
    expect(await find(["train.tsv.gz", "train.tsv"], "train")).toEqual({ files: ["train.tsv"] });
    expect(await find(["train.NDJSON.GZ"], "train")).toEqual({ files: ["train.NDJSON.GZ"] });
  });

  test.each([
    [
      ["train.jsonl", "train.parquet", "train.tsv", "other.tsv"],
      "only train.tsv is read, not train.jsonl, train.parquet beside it.",
    ],
    [["train.tsv", "train.tsv.gz"], "only train.tsv is read, not train.tsv.gz beside it."],
    [
      ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "training.parquet"],
      "only the 2 files from train-00000-of-00002.parquet on are read, not training.parquet beside it.",
    ],
    [["train.tsv", "train.csv", "dev.tsv"], undefined],
    [["train/0.tsv", "train/1.jsonl"], "only train/0.tsv is read, not train/1.jsonl beside it."],
    [
      ["train.tsv", "train/0.tsv", "training/1.tsv"],
      "only train.tsv is read, not train/0.tsv, training/1.tsv beside it.",
    ],
    [["train/0.tsv", "train/1.tsv", "train/README.md"], undefined],
  ])("of %j says what is passed over", async (names, note) => {
    const folder = folderOf(Object.fromEntries(names.map((name) => [name, ""])));
    const { notes } = await findSplit("train", { folder, formats: FORMATS, stems: ["train", "training"] });
    expect(notes).toEqual(note === undefined ? [] : [`${folder}: ${note}`]);
  });

  test("goes by the first of its names, but by the format before them", async () => {
    const stems = ["validation", "dev"];
    expect(await find(["dev.tsv", "validation.tsv"], "validation", { stems })).toEqual({ files: ["validation.tsv"] });
    expect(await find(["dev.tsv", "validation.jsonl"], "validation", { stems })).toEqual({ files: ["dev.tsv"] });
  });

  test("is looked for in subfolders first, those that are there", async () => {
    const names = ["train.tsv", "test.tsv", "RTE/train.parquet"];
    const subfolders = ["RTE", "rte", "test.tsv"];
    expect((await find(names, "train", { subfolders })).files).toEqual([join("RTE", "train.parquet")]);
    expect((await find(names, "test", { subfolders })).files).toEqual(["test.tsv"]);
  });

  test("may be the files of a subfolder of its name, by their numbers", async () => {
    const folder = ["train/0000.parquet", "train/0001.parquet", "train/._0000.parquet", "validation/2.jsonl"];
    expect((await find(folder, "train")).files).toEqual(["train/0000.parquet", "train/0001.parquet"]);
    expect((await find(["default/train/0000.parquet"], "train", { subfolders: ["default"] })).files).toEqual([
      "default/train/0000.parquet",
    ]);
    const ten = Array.from({ length: 11 }, (_, index) => `train/${index}.jsonl`);
    expect((await find(ten, "train")).files).toEqual(ten);
    expect((await find(["train/train-00000-of-00001.parquet", "train/part.jsonl"], "train")).files).toEqual([
      "train/part.jsonl",
    ]);
    expect((await find([...folder, "train.jsonl"], "train")).files).toEqual(["train.jsonl"]);
  });

  test("in a subfolder must be whole", async () => {
    await expect(find(["train/0000.parquet", "train/0002.parquet"], "train")).rejects.toThrow(
      /train: expected files numbered from 0 or 1 without a gap, found 0000\.parquet, 0002\.parquet\./,
    );
    await expect(find(["train/0003.parquet"], "train")).rejects.toThrow("expected files numbered from 0 or 1");
    await expect(find(["train/x-00000-of-00002.parquet"], "train")).rejects.toThrow("Expected 2 shards of x.parquet");
  });

  test("is not a file whose name only begins like it", async () => {
    await expect(find(["training.tsv", "train_subset.tsv", "train.tsv.bak"], "train")).rejects.toThrow(
      /The split train is not in .*: found train_subset\.tsv, training\.tsv\./,
    );
  });

  test("that is absent lists what was looked for and what is there", async () => {
    await expect(find([], "train")).rejects.toThrow(/: found no \.tsv, \.jsonl or \.parquet file\.$/);
    await expect(find(["train.jsonl.zst", ".hidden"], "train")).rejects.toThrow(
      /: found no \.tsv, \.jsonl or \.parquet file, but train\.jsonl\.zst\.$/,
    );
    const folder = folderOf({ "training.jsonl": "" });
    const finding = findSplit("train", { folder, formats: [".jsonl"] });
    await expect(finding).rejects.toThrow(`The file train.jsonl is not in ${folder}: found training.jsonl.`);
    await expect(finding).rejects.toSatisfy(NotFoundError.isInstance);
    await expect(findSplit("train", { folder: "/absent", formats: FORMATS })).rejects.toThrow(
      "The data folder /absent cannot be read: expected a folder of .tsv, .jsonl or .parquet files.",
    );
  });
});

describe("a file named outright", () => {
  test("is that file, with its name without format", async () => {
    expect(await find(["train.tsv", "subset.tsv"], "subset.tsv")).toEqual({
      files: ["subset.tsv"],
      namedStem: "subset",
    });
    expect(await find(["dev.jsonl.gz"], "dev.jsonl.gz")).toEqual({ files: ["dev.jsonl.gz"], namedStem: "dev" });
  });

  test("that is absent suggests the nearest", async () => {
    await expect(find(["train.tsv"], "tran.tsv")).rejects.toThrow(
      /The file tran\.tsv is not in .*Did you mean train\.tsv/,
    );
  });

  // The strictest of the readers this one replaced: another took a path for a name that is not there.
  test("cannot leave the folder", async () => {
    for (const path of ["../train.tsv", "a\\train.tsv"]) {
      const finding = find(["train.tsv"], path);
      await expect(finding).rejects.toThrow(
        `Expected the name of a file inside the data folder, found the path ${path}.`,
      );
      await expect(finding).rejects.toSatisfy(InvalidInputError.isInstance);
    }
  });
});

describe("what describes data", () => {
  test("is none: a folder that datasets saved to disk is told how to be written", async () => {
    const names = [
      "dataset_dict.json",
      "train/data-00000-of-00001.arrow",
      "train/dataset_info.json",
      "train/state.json",
    ];
    const folder = folderOf(Object.fromEntries(names.map((name) => [name, ""])));
    await expect(findSplit("train", { folder, formats: [".csv", ".json"] })).rejects.toThrow(
      `The split train is not in ${folder}: found no .csv or .json file, but dataset_dict.json, train. datasets saved it to disk, as Arrow files: write each split by to_parquet, such as data["train"].to_parquet("train.parquet").`,
    );
    const beside = folderOf({ "train/state.json": "", "train/rows.json": "" });
    const { files } = await findSplit("train", { folder: beside, formats: [".json"] });
    expect(files).toEqual([join(beside, "train", "rows.json")]);
  });
});

describe("shards", () => {
  test("come in the order of their numbers, whatever their width", async () => {
    const padded = ["train-00002-of-00003.parquet", "train-00000-of-00003.parquet", "train-00001-of-00003.parquet"];
    expect((await find(padded, "train")).files).toEqual([...padded].sort());
    const plain = Array.from({ length: 11 }, (_, index) => `train-${index}-of-11.jsonl.gz`);
    expect((await find([...plain].sort(), "train")).files).toEqual(plain);
  });

  test("may end in a hash, as older versions of datasets call them", async () => {
    const hashed = ["train-00000-of-00002-7d4d6c5a4ba3e5d2.parquet", "train-00001-of-00002-b42a775f407cee45.parquet"];
    expect((await find([...hashed].reverse(), "train")).files).toEqual(hashed);
    await expect(find([...hashed, "train-00001-of-00002-0123456789abcdef.parquet"], "train")).rejects.toThrow(
      "Expected 2 shards of train.parquet, found 3 in ",
    );
  });

  test.each([
    [["train-00000-of-00002.tsv"], "Expected 2 shards of train.tsv, found 1 in "],
    [["train-00001-of-00002.tsv", "train-00002-of-00002.tsv"], "Expected 2 shards of train.tsv, found 2 in "],
    [["train-0-of-2.tsv", "train-00000-of-00002.tsv"], "Expected 2 shards of train.tsv, found 2 in "],
    [["train-00000-of-00001.tsv", "train-00001-of-00002.tsv"], "Expected 1 or 2 shards of train.tsv, found 2 in "],
  ])("%j are refused, every file named", async (names, message) => {
    const finding = find(names, "train");
    await expect(finding).rejects.toThrow(message);
    await expect(finding).rejects.toThrow(`: ${names.join(", ")}.`);
    await expect(finding).rejects.toSatisfy(InvalidInputError.isInstance);
  });

  test("of other splits and formats are no part of a set", async () => {
    const names = ["train-00000-of-00001.tsv", "train_matched-00000-of-00002.tsv", "train-00000-of-00002.jsonl"];
    expect((await find(names, "train")).files).toEqual(["train-00000-of-00001.tsv"]);
  });
});

describe("a folder", () => {
  test("gives all its files by name, each set of shards whole and in order", async () => {
    const names = ["b.csv", "a-2.csv", "a.csv", "a.txt", "t-1-of-11.jsonl", "z.parquet", "z-00000-of-00002.parquet"];
    const shards = Array.from({ length: 11 }, (_, index) => `t-${index}-of-11.jsonl`);
    const path = folderOf(Object.fromEntries([...names, ...shards].map((name) => [name, ""])));
    const files = allFiles((await openFolder(path))!, [".csv", ".jsonl", ".parquet"]);
    expect(files).toEqual(["a-2.csv", "a.csv", "b.csv", ...shards, "z.parquet"].map((name) => join(path, name)));
  });

  test("with a shard missing is refused", () => {
    const folder = folderOfNames("aux", ["a.csv", "train-00001-of-00002.parquet"]);
    expect(() => allFiles(folder, [".csv", ".parquet"])).toThrow("Expected 2 shards of train.parquet, found 1 in aux");
  });

  test("that is absent, or a file, is none", async () => {
    expect(await openFolder("/absent")).toBeUndefined();
    expect(await openFolder(join(folderOf({ "a.csv": "" }), "a.csv"))).toBeUndefined();
  });

  test("without the file gives nothing", () => {
    expect(findFiles(folderOfNames("x", ["train.csv"]), ["train"], [".tsv"])).toEqual([]);
  });
});

describe("one's own data given by names", () => {
  const find = (names: readonly string[], split: string) =>
    ownFilesIn(folderOfNames("mine", names), split, [".csv", ".jsonl", ".json"]);

  test("are found as in a folder, and what is passed over is said", async () => {
    const names = ["training.csv", "train.jsonl", "train_old.csv", "Dev.csv", "test.csv"];
    expect(await find(names, "train")).toEqual({
      files: ["training.csv"],
      notes: ["mine: only training.csv is read, not train.jsonl beside it."],
    });
    expect(await find(names, "validation")).toEqual({ files: ["Dev.csv"], notes: [] });
    expect((await find(["train-1-of-2.csv", "train-0-of-2.csv"], "train"))!.files).toEqual([
      ...["train-0-of-2.csv", "train-1-of-2.csv"],
    ]);
    await expect(find(["train-0-of-3.csv", "train-1-of-3.csv"], "train")).rejects.toThrow(
      "Expected 3 shards of train.csv",
    );
  });

  test.each(["rows.csv", "validation.csv", "dev.jsonl"])(
    "are %s alone, which is no validation split too",
    async (name) => {
      expect(await find([name, "dataset_infos.json"], "train")).toEqual({ files: [name], notes: [] });
      expect(await find([name, "dataset_infos.json"], "validation")).toBeUndefined();
    },
  );

  test("are none where several files are called otherwise", async () => {
    await expect(find(["validation.csv", "test.csv"], "train")).rejects.toThrow(
      "The split train is not in mine: found test.csv, validation.csv.",
    );
  });
});
