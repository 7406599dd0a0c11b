import { expect, it } from "vitest";
import { addressOf, placeOf } from "../src/place.ts";
import { agoText, shareText } from "../src/runs/texts.ts";
import { commandOf } from "../src/try/command.ts";
import { RECORDS_FILE, readRecords, writeRecords } from "../src/try/records.ts";
import { nameOfRows } from "../src/try/rows.ts";
import { sampleCsv } from "../src/try/sample.ts";
import { splitTables } from "../src/try/split-tables.ts";

it.each([
  ["#/try", { page: "try" }],
  ["", { page: "try" }],
  ["#/nowhere/else", { page: "try" }],
  ["#/runs", { page: "runs" }],
  ["#/run/runs%2Fsst2", { page: "run", id: "runs/sst2" }],
  ["#/run", { page: "try" }],
  ["#/sweep/100%", { page: "sweep", id: "100%" }],
  ["#/compare/a%2Fb/c", { page: "compare", ids: ["a/b", "c"] }],
])("%s is a place, and its address leads there", (hash, place) => {
  expect(placeOf(hash)).toEqual(place);
  expect(placeOf(addressOf(placeOf(hash)))).toEqual(place);
});

it("says how long ago in whole units", () => {
  const at = (seconds: number) => agoText(0, 1000 * seconds);
  expect([0.9, 1, 59, 60, 3599, 7200, 90_000].map(at)).toEqual([
    ...["now", "1 second ago", "59 seconds ago", "1 minute ago", "59 minutes ago", "2 hours ago", "1 day ago"],
  ]);
  expect(agoText(5, 0)).toBe("now");
  expect([shareText(null), shareText(0), shareText(0.0625)]).toEqual(["–", "–", "6.3 %"]);
});

const sizes = { epochs: 4, learningRate: 5e-4, batchSize: 16, maxLength: 64, seed: 7 };
const settings = { method: "blora", budget: 0.0625, ...sizes } as const;

it("writes the command that repeats a training", () => {
  expect(commandOf("reviews.csv", { kind: "builtin" }, settings)).toBe(
    "npx blora train --data reviews.csv --method blora --bops-target 0.0625 --seed 7 --set numTrainEpochs=4 --set learningRate=0.0005 --set perDeviceTrainBatchSize=16 --set maxSeqLength=64",
  );
  expect(commandOf("it's.csv", { kind: "hub", id: "org/name", host: "" }, { ...settings, method: "lora" })).toBe(
    "npx blora train --data 'it'\\''s.csv' --model org/name --method lora --seed 7 --set numTrainEpochs=4 --set learningRate=0.0005 --set perDeviceTrainBatchSize=16 --set maxSeqLength=64",
  );
});

it("tells what pasted rows are by how they begin", () => {
  expect(["text,label\na,b", "text\tlabel\n", '\n{"text":1}', " [{}]"].map(nameOfRows)).toEqual([
    ...["rows.csv", "rows.tsv", "rows.jsonl", "rows.json"],
  ]);
});

it("has sample rows, half of them good, none twice", () => {
  const [header, ...rows] = sampleCsv().split("\n");
  expect(header).toBe("review,opinion");
  expect(new Set(rows).size).toBe(96);
  expect(rows.filter((row) => row.endsWith(",good"))).toHaveLength(48);
});

it("takes the splits of several files by their names, and leaves others", () => {
  const given = (...names: string[]) => ({
    name: "reviews",
    files: names.map((name) => ({ name, text: "text,label\na,b\n" })),
  });
  const names = (...files: string[]) =>
    Object.entries(splitTables(given(...files))).map(([split, tables]) => [split, tables.map(({ file }) => file)]);
  expect(names("any.csv")).toEqual([["train", ["any.csv"]]]);
  expect(names("test.csv", "dev.csv", "train-1.csv", "training.csv")).toEqual([
    ["train", ["train-1.csv", "training.csv"]],
    ["validation", ["dev.csv"]],
  ]);
  expect(() => names("a.csv", "trainer.csv")).toThrow(
    "reviews: expected one file, or train.csv and perhaps validation.csv, found a.csv, trainer.csv.",
  );
});

it("keeps what was logged beside a checkpoint", () => {
  const records = [
    { step: 1, loss: 0.5, learningRate: 1 },
    { step: 2, gates: { site: {} } },
  ];
  expect(readRecords(new Map([[RECORDS_FILE, writeRecords(records)]]))).toEqual(records);
  expect([readRecords(undefined), readRecords(new Map())]).toEqual([[], []]);
});
