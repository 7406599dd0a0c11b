import type { EvaluationRecord, LossSum } from "@blora/runs";
import type { Snapshot } from "./training-state.ts";

/** Where a run stands besides its parameters. Data position and noise follow from `step`. */
export interface RunProgress {
  /** Updates made. */
  readonly step: number;
  readonly lossSum: LossSum;
  readonly last?: EvaluationRecord;
  readonly best?: { readonly record: EvaluationRecord; readonly snapshot: Snapshot };
  readonly evaluationsWithoutImprovement: number;
  readonly stoppedEarly: boolean;
  /** Seconds of training steps. */
  readonly seconds: number;
  /** Losses trained on: rows, or target tokens of a language model. */
  readonly losses: number;
  readonly tokens: number;
  readonly paddedTokens: number;
}

export const NO_LOSS: LossSum = { loss: 0, penalty: 0, steps: 0 };

export const FRESH_PROGRESS: RunProgress = {
  step: 0,
  lossSum: NO_LOSS,
  evaluationsWithoutImprovement: 0,
  stoppedEarly: false,
  seconds: 0,
  losses: 0,
  tokens: 0,
  paddedTokens: 0,
};
