import type { SweepRecord } from "@blora/runs";
import { expect, test } from "vitest";
import { precisionMarkdown } from "../precision-markdown.ts";

function record(recipe: string, task: string, seed: number, loss: number, score: number): SweepRecord {
  const last = { step: 1, splits: { validation: { loss, scores: {} } }, warnings: [] };
  const summary = {
    task,
    split: "validation",
    metric: { name: "accuracy", value: score },
    metrics: { best: null, last },
  };
  const machine = { cpu: "a processor", commit: "abc" };
  return { recipe, task, seed, machine, outcome: { status: "done", summary } } as unknown as SweepRecord;
}

test("shows the mean and the error of what pairs differ by, and leaves out runs without a partner", () => {
  const table = precisionMarkdown([
    record("lora-8-float32", "rte", 1, 0.5, 0.7),
    record("lora-8-int8", "rte", 1, 0.75, 0.6),
    record("lora-8-float32", "rte", 2, 0.5, 0.7),
    record("lora-8-int8", "rte", 2, 0.25, 0.7),
    record("lora-8-float32", "rte", 3, 0.5, 0.7),
    record("blora-float32", "cola", 1, 1, 0.5),
    record("blora-int8", "cola", 1, 0.5, 0.25),
  ]);
  expect(table).toContain("3 pairs, a processor at abc.");
  // Differences of 0.25 and −0.25: a deviation of 0.3536 over √2.
  expect(table).toContain("| lora-8 | +0.0000 ± 0.2500 (2) |  |  |  |  | +0.0000 ± 0.2500 (2) |");
  expect(table).toContain("| blora |  |  |  | -0.5000 (1) |  | -0.5000 (1) |");
  expect(table).toContain("| lora-8 | -0.0500 ± 0.0500 (2) |");
});
