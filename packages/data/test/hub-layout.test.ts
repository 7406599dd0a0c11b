import { InvalidInputError, NotFoundError } from "@blora/spec";
import { expect, test } from "vitest";
import { parseHubReference, partOfRepository } from "../src/index.ts";

const part = (names: readonly string[], reference = "hub:org/name") => {
  const { config, folder, files } = partOfRepository(new Set(names), parseHubReference(reference)!);
  return [config, folder, files.length];
};
const CONVERTED = ["cola/train/0000.parquet", "cola/test/0000.parquet", "sst2/train/0000.parquet"];

test.each<[string, readonly string[], readonly [string, string, number]]>([
  ["what the Hub converted", ["default/train/0000.parquet", "default/train/0001.parquet"], ["default", "default", 2]],
  ["one configuration", ["en/train/0000.parquet", ".gitattributes"], ["en", "en", 1]],
  ["a configuration called like a split", ["test/train/0000.parquet"], ["test", "test", 1]],
  ["files", ["README.md", "train.csv", "test.csv.gz", "dataset_infos.json", ".x.json"], ["default", "", 2]],
  ["files in data", ["README.md", "data/train-00000-of-00001.parquet"], ["default", "data", 1]],
  ["a folder a split", ["train/a.jsonl", "train/b.jsonl", "validation/a.jsonl"], ["default", "", 3]],
  ["configurations in data", ["data/en/train.jsonl", "data/en/dev.jsonl"], ["en", "data/en", 2]],
  ["files beside a configuration", ["train.csv", "raw/train.csv"], ["default", "", 1]],
  ["default beside others", ["default/train/0000.parquet", "raw/train/0000.parquet"], ["default", "default", 1]],
])("%s", (_, names, expected) => {
  expect(part(names)).toEqual(expected);
});

test("a configuration is chosen by its name", () => {
  expect(part(CONVERTED, "hub:org/name/cola@v1")).toEqual(["cola", "cola", 2]);
  expect(part(["train.csv", "raw/train.csv"], "hub:org/name/raw")).toEqual(["raw", "raw", 1]);
});

test("configurations are listed where none is named, or another one", () => {
  expect(() => part(CONVERTED, "hub:org/name@v1")).toThrow(
    "hub:org/name@v1 has several configurations: name one, such as hub:org/name/cola@v1. It has cola, sst2.",
  );
  expect(() => part(CONVERTED, "hub:org/name/colla")).toThrow(
    "hub:org/name has no configuration colla. Did you mean cola? It has cola, sst2.",
  );
  expect(() => part(CONVERTED)).toThrow(InvalidInputError);
});

test("a repository without data files, and one that the Hub converted in part, say so", () => {
  expect(() => part(["README.md", "load.py"])).toThrow(NotFoundError);
  expect(() => part(["README.md", "load.py"])).toThrow(
    "hub:org/name: expected csv, tsv, jsonl, json or parquet files, found README.md, load.py.",
  );
  expect(() => part(["en/partial-train/0000.parquet", "en/test/0000.parquet"], "hub:org/name/en")).toThrow(
    "hub:org/name/en: expected all of train, found only the part of it that the Hub converted. Name the revision with its own files, such as hub:org/name/en@main.",
  );
});
