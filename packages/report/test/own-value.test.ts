import type { RunFiles } from "@blora/runs";
import { expect, test } from "vitest";
import { reportMarkdown } from "../src/index.ts";
import { bitsMap } from "../src/run/site-maps.ts";

test("widths of an operand are those that sites hold themselves, whatever it is called", () => {
  const ranks = { "layer.0.query": 2, "layer.1.query": 1 };
  const bits = { "layer.0.query": { toString: [8, 4] }, "layer.1.query": { A: [8] } };
  expect(JSON.stringify(bitsMap({ ranks, bits }, ["toString"]))).toContain(
    '"data":{"values":[{"column":1,"row":0,"value":8},{"column":2,"row":0,"value":4}]}',
  );
});

test("scores are those that evaluations hold themselves, whatever they are called", () => {
  const evaluation = { split: "dev", evaluationLoss: 1, costRatio: 0, meanRank: 0 };
  const evaluations: RunFiles["evaluations"] = [
    { ...evaluation, step: 1, scores: { accuracy: 0.5 } },
    { ...evaluation, step: 2, scores: { toString: 0.25 } },
  ];
  const parts = { summary: undefined, ledger: undefined, answers: undefined, steps: [], gates: [] };
  const run: RunFiles = { folder: "run", config: {}, ...parts, evaluations };
  const text = reportMarkdown(run);
  expect(text).toContain("| 1 | dev | 1.0000 | 0.5000 | – |");
  expect(text).toContain("| 2 | dev | 1.0000 | – | 0.2500 |");
});
