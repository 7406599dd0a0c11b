import { expect, test } from "vitest";
import { runEntry } from "../src/studio/run-entry.ts";

test("lists an unfinished run with the score of the split that decides, which comes first", () => {
  const of = (step: number, split: string, accuracy: number) => {
    return { step, split, evaluationLoss: 1, scores: { accuracy }, costRatio: 1, meanRank: 8 };
  };
  const evaluations = [
    of(1, "matched", 0.3),
    of(1, "mismatched", 0.4),
    of(2, "matched", 0.5),
    of(2, "mismatched", 0.6),
  ];
  const run = { folder: "", config: {}, steps: [], gates: [], problems: [], isRunning: true };
  const rest = { summary: undefined, ledger: undefined, answers: undefined };
  const scoreOf = (count: number) =>
    runEntry("one", { ...run, ...rest, evaluations: evaluations.slice(0, count) }, 0).score;
  expect(scoreOf(4)).toEqual({ name: "accuracy", value: 0.5, majority: null });
  expect(scoreOf(3)).toEqual(scoreOf(4));
});

test.each([
  ["org/name", "name"],
  ["C:\\models\\mini", "mini"],
  ["/models/mini/", "mini"],
  ["builtin", "builtin"],
])("lists the model %s as %s", (model, shown) => {
  const run = { folder: "", config: { model }, steps: [], evaluations: [], gates: [], problems: [], isRunning: false };
  const rest = { summary: undefined, ledger: undefined, answers: undefined };
  expect(runEntry("one", { ...run, ...rest }, 0).model).toBe(shown);
});
