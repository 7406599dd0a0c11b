import type { EvaluationRecord, LossSum, RunSummary } from "@blora/runs";
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
  /** Rows that evaluations answered, and the seconds that took. Absent before the first. */
  readonly evaluated?: NonNullable<RunSummary["evaluated"]>;
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

export interface SelectionRule {
  /** The deciding split and metric; higher is better. */
  readonly split: string;
  readonly metric: string;
  /** Whether the weights belong to the method's last phase. Earlier ones are not comparable: their gates are still open. */
  readonly decides: boolean;
  /** Evaluations without improvement before training stops; undefined for never. */
  readonly patience: number | undefined;
}

/** The deciding score; a missing or undefined one (NaN) loses against any other. */
export function decidingScore(
  { splits }: EvaluationRecord,
  { split, metric }: Pick<SelectionRule, "split" | "metric">,
): number {
  const score = splits[split]?.scores[metric];
  return typeof score === "number" && !Number.isNaN(score) ? score : -Infinity;
}

/**
 * Progress after an evaluation: the best one kept, patience counted. Ties keep the earlier weights; where no score is
 * defined yet there is nothing to be better than, and the later ones are kept.
 */
export function afterEvaluation(
  progress: RunProgress,
  record: EvaluationRecord,
  snapshot: () => Snapshot,
  rule: SelectionRule,
): RunProgress {
  const next = { ...progress, last: record };
  if (!rule.decides) return next;
  const { best } = progress;
  const bestScore = best === undefined ? -Infinity : decidingScore(best.record, rule);
  if (bestScore === -Infinity || decidingScore(record, rule) > bestScore) {
    return { ...next, best: { record, snapshot: snapshot() }, evaluationsWithoutImprovement: 0 };
  }
  const evaluationsWithoutImprovement = progress.evaluationsWithoutImprovement + 1;
  const stoppedEarly = evaluationsWithoutImprovement >= (rule.patience ?? Infinity);
  return { ...next, evaluationsWithoutImprovement, stoppedEarly };
}
