import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseTable } from "@blora/data";
import { expect, it } from "vitest";
import { classify, classifyTables, understandData, understandTables } from "../src/index.ts";

const FILE = fileURLToPath(new URL("../../../examples/own-data/reviews.csv", import.meta.url));
const tables = { train: [parseTable(FILE, readFileSync(FILE, "utf8"))] };

it("understands tables in memory as it does their file", async () => {
  const inMemory = await understandTables(FILE, tables);
  expect(inMemory).toEqual(await understandData(FILE));
  expect(inMemory.sentence).toBe(
    "reviews.csv: 800 labelled rows; learns from the text in review which of 3 classes is in stars (1, 3, 5).",
  );
});

it("holds out the rows that the file's task holds out, under the same manifest", async () => {
  const { options } = await understandTables(FILE, tables);
  const [inMemory, ofFile] = [classifyTables(options, tables), classify(options)];
  expect(inMemory.manifest).toEqual(ofFile.manifest);
  for (const split of ["train", "validation"]) {
    expect(await inMemory.load(split, undefined)).toEqual(await ofFile.load(split, FILE));
  }
});

it("evaluates rows of their own, and says which of them stand in training", async () => {
  const csv = (rows: string) => [parseTable("rows.csv", `text,label\n${rows}`)];
  const given = { train: csv("one,a\ntwo,b\nthree,a\n"), validation: csv("two,b\nfour,a\n") };
  const { options } = await understandTables("rows", given);
  const { examples, notes } = await classifyTables(options, given).load("validation", undefined);
  expect(examples.map(({ first, label }) => [first, label])).toEqual([
    ["two", 1],
    ["four", 0],
  ]);
  expect(notes).toEqual(["1 of 2 rows stand in training as well, so the score flatters."]);
});
