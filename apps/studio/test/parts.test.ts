import { expect, it } from "vitest";
import { addressOf, placeOf } from "../src/place.ts";
import { agoText, shareText } from "../src/runs/texts.ts";
import { commandOf } from "../src/try/command.ts";
import { givenData } from "../src/try/given-data.ts";
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
    'npx blora train --data "it\'s.csv" --model org/name --method lora --seed 7 --set numTrainEpochs=4 --set learningRate=0.0005 --set perDeviceTrainBatchSize=16 --set maxSeqLength=64',
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

/** What the page takes of files with these names, some of which it does not read. */
async function splitsOf(...names: string[]) {
  const files = names.map((name) => new File(["text,label\na,b\n"], name));
  const { tables, notes } = await splitTables(await givenData("reviews", files));
  const named = Object.entries(tables).map(([split, found]) => [split, found.map(({ file }) => file)]);
  return { ...Object.fromEntries(named), notes: [...notes.train, ...notes.validation] };
}

it("takes the splits of several files that the command line takes, and leaves others", async () => {
  expect(await splitsOf("any.csv")).toEqual({ train: ["any.csv"], notes: [] });
  expect(await splitsOf("test.csv", "Dev.csv", "train_old.csv", "training.csv")).toEqual({
    ...{ train: ["training.csv"], validation: ["Dev.csv"], notes: [] },
  });
  expect(await splitsOf("train-1-of-2.csv", "train-0-of-2.csv", "train.parquet")).toEqual({
    train: ["train-0-of-2.csv", "train-1-of-2.csv"],
    notes: ["reviews: only the 2 files from train-0-of-2.csv on are read, not train.parquet beside it."],
  });
  expect(await splitsOf("validation.csv", "README.md")).toEqual({ train: ["validation.csv"], notes: [] });
});

it.each([
  [
    ["a.csv", "trainer.csv"],
    "reviews: expected one file, or train.csv and perhaps validation.csv, found a.csv, trainer.csv.",
  ],
  [["train-0-of-3.csv", "train-1-of-3.csv"], "Expected 3 shards of train.csv, found 2 in reviews"],
  [
    ["train.parquet", "validation.csv"],
    "train.parquet: expected a csv, tsv, jsonl or json file. The command line reads this one too.",
  ],
  [
    ["rows.xlsx"],
    "rows.xlsx: expected a csv, tsv, jsonl or json file. Convert it, such as with pandas to parquet or csv.",
  ],
  [["train.csv", "train.csv"], "reviews: expected files with a name each, found train.csv twice."],
  [["rows.pdf"], "rows.pdf: expected a csv, tsv, jsonl or json file."],
])("refuses %j as the command line would, rather than to learn from something else", async (names, message) => {
  await expect(splitsOf(...names)).rejects.toThrow(message);
});

it("says of bytes that are no text what the command line says", async () => {
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  await expect(givenData("rows.csv", [new File([pointer], "rows.csv")])).rejects.toThrow("is a git-lfs pointer");
  const wide = new File([Buffer.from("\uFEFFtext,label\n", "utf16le")], "rows.csv");
  await expect(givenData("rows.csv", [wide])).rejects.toThrow(
    "rows.csv: expected UTF-8 text, found UTF-16. Convert it with iconv -f utf-16 -t utf-8.",
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
