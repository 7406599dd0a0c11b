import type { EvaluationRecord } from "@blora/runs";
import { expect, it } from "vitest";
import { afterEvaluation, FRESH_PROGRESS, type RunProgress } from "../src/state/progress.ts";
import type { Snapshot } from "../src/state/training-state.ts";

const SNAPSHOT: Snapshot = { adapters: new Map(), head: new Map() } as unknown as Snapshot;
const RULE = { split: "validation", metric: "pearson", decides: true, patience: 2 };

/** Progress after evaluations with these scores at the steps 1, 2, … */
function after(scores: readonly number[]): RunProgress {
  return scores.reduce((progress: RunProgress, pearson, index) => {
    const record: EvaluationRecord = {
      step: index + 1,
      splits: { validation: { loss: 1, scores: { pearson } } },
      warnings: [],
    };
    return afterEvaluation(progress, record, () => SNAPSHOT, RULE);
  }, FRESH_PROGRESS);
}

it("keeps the later weights while no score is defined, and loses no patience", () => {
  const progress = after([Number.NaN, Number.NaN, Number.NaN]);
  expect(progress.best!.record.step).toBe(3);
  expect(progress.stoppedEarly).toBe(false);
});

it("prefers any score to one that is undefined, and the earlier of two that are the same", () => {
  expect(after([Number.NaN, -0.2, Number.NaN]).best!.record.step).toBe(2);
  const progress = after([Number.NaN, 0.5, 0.5, Number.NaN]);
  expect(progress.best!.record.step).toBe(2);
  expect(progress.stoppedEarly).toBe(true);
});
