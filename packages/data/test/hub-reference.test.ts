import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { expect, test } from "vitest";
import { nameOfFile, parseHubReference, readRecords, readTable, writeHubReference } from "../src/index.ts";
import { folderOf } from "./folder.ts";

test.each([
  ["hub:org/name", { id: "org/name" }],
  ["hub:org/name/cola", { id: "org/name", config: "cola" }],
  ["hub:org/name@v1", { id: "org/name", revision: "v1" }],
  ["hub:org/name/20231101.en@refs/pr/1", { id: "org/name", config: "20231101.en", revision: "refs/pr/1" }],
])("%s is a data set of the Hub", (text, reference) => {
  expect(parseHubReference(text)).toEqual(reference);
  expect(writeHubReference(reference)).toBe(text);
});

test.each(["reviews.csv", "data", "./hub:org/name", "hub/org/name", "C:\\hub", "/x/hub:org"])("%s is none", (text) => {
  expect(parseHubReference(text)).toBeUndefined();
});

test.each([
  ["hub:name", ""],
  ["hub:org/name/a/b", ""],
  ["hf:org/name", " Did you mean hub:org/name?"],
  ["Hub:org/name/cola", " Did you mean hub:org/name/cola?"],
  ["hf://datasets/org/name", " Did you mean hub:org/name?"],
  ["https://huggingface.co/datasets/org/name", " Did you mean hub:org/name?"],
])("%s is nearly one", (text, near) => {
  expect(() => parseHubReference(text)).toThrow(InvalidInputError);
  expect(() => parseHubReference(text)).toThrow(`found ${JSON.stringify(text)}.${near}`);
});

const SNAPSHOT = join("datasets--org--name", "snapshots", "c".repeat(40));

test("files in the Hub's cache are named by their place on the Hub, rows too", async () => {
  const folder = join(folderOf({}), SNAPSHOT, "cola", "train");
  mkdirSync(folder, { recursive: true });
  const [csv, jsonl] = [join(folder, "a.csv"), join(folder, "b.jsonl")];
  writeFileSync(csv, "text,label\nx,1\n");
  writeFileSync(jsonl, '{"text":"x"}\n{"text"\n');
  const { file, rows } = await readTable(csv);
  expect([file, rows[0]!.origin]).toEqual(["hub:org/name/cola/train/a.csv", "hub:org/name/cola/train/a.csv row 2"]);
  await expect(readRecords(jsonl)).rejects.toThrow("hub:org/name/cola/train/b.jsonl row 2: expected a JSON object");
  expect(nameOfFile(join(folder, "0000.parquet"))).toBe("hub:org/name/cola/train");
  expect(nameOfFile(join(folder, "0001.parquet"))).toBe("hub:org/name/cola/train/0001.parquet");
  expect(nameOfFile(join("/x", SNAPSHOT))).toBe("hub:org/name");
  expect(nameOfFile("/x/train.csv")).toBe("/x/train.csv");
});
