import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type JsonRecord, parseStrictJsonObject } from "@blora/spec";
import { expect, test } from "vitest";
import { answersOf, ledgerOf, summaryOf, sweepRecordOf } from "../src/file-schemas.ts";
import { readMetrics } from "../src/read-metrics.ts";

/** A record that was written by a sweep. */
const RECORD = fileURLToPath(
  new URL("../../../benchmarks/results/builtin/runs/builtin-lora-d6cf02a9-1.json", import.meta.url),
);
const record = parseStrictJsonObject(readFileSync(RECORD), { origin: RECORD });
const { summary } = record.outcome as { summary: JsonRecord };

test("what a sweep has written is read as it is", () => {
  expect(sweepRecordOf(record, "a.json")).toBe(record);
  expect(summaryOf(summary, "summary.json")).toBe(summary);
});

test("a part that is missing, or of another type, is named with what was expected and found", () => {
  expect(() => summaryOf({ ...summary, bits: 3 }, "summary.json")).toThrow(
    /^summary\.json: bits: .*expected record.*found 3\.$/,
  );
  expect(() => summaryOf({ ...summary, metrics: { best: null } }, "summary.json")).toThrow(
    /^summary\.json: metrics\.last: /,
  );
  expect(() => sweepRecordOf({ ...record, outcome: { status: "lost" } }, "a.json")).toThrow(
    /^a\.json: outcome\.status: /,
  );
  expect(() => ledgerOf({ scope: "adapter", unit: "b", rows: [{}], baseline: [] }, "ledger.json")).toThrow(
    /^ledger\.json: rows\.0\.path: /,
  );
});

test.each([-1, 0.5, 1e9])("a rank of %s is none", (rank) => {
  const found = `found ${rank}.`;
  const read = () => summaryOf({ ...summary, ranks: { "layer.0.query": rank } }, "summary.json");
  expect(read).toThrow(/^summary\.json: ranks\.layer\.0\.query: /);
  expect(read).toThrow(found);
});

test("answers are of labels that are listed", () => {
  const read = (answers: object) => () =>
    answersOf({ split: "dev", step: 1, answers: { labels: ["a", "b"], ...answers } } as JsonRecord, "answers.json");
  const found = /^answers\.json: answers\.counts: expected counts of the labels that are listed, found \[\[/;
  expect(read({ kind: "class", counts: [[0, 1, 3]] })).not.toThrow();
  expect(read({ kind: "class", counts: [[2, 1, 3]] })).toThrow(found);
  expect(read({ kind: "class", counts: [[0, 2, 3]] })).toThrow(found);
  expect(read({ kind: "class", counts: [[0, -1, 3]] })).toThrow(/^answers\.json: answers\.counts\.0\.1: /);
  expect(
    read({
      kind: "several",
      counts: [
        [1, 2, 3],
        [0, 0, 1],
      ],
    }),
  ).not.toThrow();
  expect(read({ kind: "several", counts: [[1, 2, 3]] })).toThrow(
    /^answers\.json: answers\.counts: expected counts of each label/,
  );
});

test("a damaged line of the log is left out, the others stay", () => {
  const lines = [
    { step: 1, loss: 2, learningRate: 0.1 },
    { step: 2, loss: "low", learningRate: 0.1 },
    { step: 3, split: "dev", evaluationLoss: 1, scores: { accuracy: null }, costRatio: 1, meanRank: 8 },
    { step: 3, split: "dev", evaluationLoss: 1, scores: 7, costRatio: 1, meanRank: 8 },
    { step: 4, gates: { "h.0": { A: { 2: 0.5 } } } },
    { step: 4, gates: [[]] },
  ];
  const { steps, evaluations, gates } = readMetrics(lines.map((line) => JSON.stringify(line)).join("\n"));
  expect(steps).toEqual([lines[0]]);
  expect(evaluations).toEqual([lines[2]]);
  expect(gates).toEqual([lines[4]]);
});
