import { describe, expect, it } from "vitest";
import { frontMarkdown } from "../front-markdown.ts";
import type { FrontRecord } from "../records.ts";

type Values = Pick<FrontRecord, "row" | "budget" | "loss" | "divergence"> & Partial<FrontRecord>;

function record(values: Values): FrontRecord {
  return {
    task: "mnli",
    seed: 1,
    method: values.row,
    share: values.budget,
    stored: values.budget,
    metric: "accuracy",
    scores: { accuracy: 0.75 },
    ranks: {},
    bits: {},
    seconds: 1,
    settings: "",
    precision: "float32",
    cpu: "a processor",
    cores: 2,
    node: "v20",
    commit: "abc",
    date: "2026-01-01",
    ...values,
  };
}

const coarse = "uniform-2-absmax@6.25";
const records = [
  record({ row: "fine@3.1", budget: 1 / 32, loss: 0.52, divergence: 0.01, scores: { accuracy: 0.7 } }),
  record({ row: "fine@3.1", budget: 1 / 32, loss: 0.66, divergence: 0.08, seed: 2 }),
  record({ row: "fine@3.1", budget: 1 / 32, loss: 0.9, divergence: 0.5, task: "cola" }),
  record({ row: "lora-8", budget: 1, loss: 0.5, divergence: 0 }),
  record({ row: "lora-8", budget: 1, loss: 0.6, divergence: 0, seed: 2 }),
  record({ row: coarse, budget: 1 / 16, loss: 0.55, divergence: 0.04 }),
  record({ row: coarse, budget: 1 / 16, loss: 0.65, divergence: 0.02, seed: 2 }),
];
const lines = frontMarkdown(records, ["mnli", "sst2", "cola"]).split("\n");
const under = (title: string): string[] => {
  const start = lines.indexOf(`## ${title}`) + 2;
  return lines.slice(start, lines.indexOf("", start));
};

describe("frontMarkdown", () => {
  it("pairs losses with LoRA's by task and seed, dearest rows first", () => {
    expect(under("Evaluation loss minus that of LoRA r 8")).toEqual([
      "| row | bit operations | stored | mnli | cola | all |",
      "| --- | --- | --- | --- | --- | --- |",
      "| lora-8 | 100 % | 100 % | +0.0000 ± 0.0000 (2) |  | +0.0000 ± 0.0000 (2) |",
      `| ${coarse} | 6.25 % | 6.25 % | +0.0500 ± 0.0000 (2) |  | +0.0500 ± 0.0000 (2) |`,
      // The row of CoLA has no control, so it is in no mean.
      "| fine@3.1 | 3.13 % | 3.13 % | +0.0400 ± 0.0200 (2) |  | +0.0400 ± 0.0200 (2) |",
    ]);
  });

  it("pairs scores", () => {
    const [fine] = under("Score minus that of LoRA r 8").slice(-1);
    expect(fine).toBe("| fine@3.1 | 3.13 % | 3.13 % | -0.0250 ± 0.0250 (2) |  | -0.0250 ± 0.0250 (2) |");
  });

  it("shows geometric means of divergences, with no ratio for the float control", () => {
    const rows = under(`Divergence from float, over that of ${coarse}`).slice(2);
    expect(rows).toEqual([
      "| lora-8 | 100 % | 100 % |  |  |  |",
      `| ${coarse} | 6.25 % | 6.25 % | 1.0, 0/2 |  | 1.0, 0/2 |`,
      "| fine@3.1 | 3.13 % | 3.13 % | 1.0, 1/2 |  | 1.0, 1/2 |",
    ]);
  });
});
