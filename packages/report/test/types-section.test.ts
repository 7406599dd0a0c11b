import { expect, test } from "vitest";
import { typesSection } from "../src/run/types-section.ts";
import { doneRecord } from "./records.ts";

const { outcome } = doneRecord({ recipe: "blora", best: 0.5, bitOperations: 500 });
const summary = outcome.status === "done" ? outcome.summary : undefined;

test("types of answers are a table of their scores on the deciding split", () => {
  const scores = { accuracy: 0.5 };
  const types = { PER: { precision: 0.5, f1: 2 / 3, support: 1200 }, LOC: { precision: 0, f1: 0, support: 3 } };
  const best = { step: 10, splits: { validation: { loss: 1, scores, types } }, warnings: [] };
  const { text, tables } = typesSection({ summary: { ...summary!, metrics: { best, last: null } } });
  expect(text).toBe("Of the adapter, on validation.");
  expect(tables).toEqual([
    {
      columns: ["type", "precision", "f1", "support"],
      rows: [
        ["PER", "0.5000", "0.6667", "1,200"],
        ["LOC", "0.0000", "0.0000", "3"],
      ],
    },
  ]);
});

test("without types there is no table", () => {
  expect(typesSection({ summary }).tables).toEqual([]);
  expect(typesSection({ summary: undefined }).tables).toEqual([]);
});
