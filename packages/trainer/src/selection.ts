import type { EvaluationRecord } from "@blora/runs";
import type { RunProgress } from "./state/progress.ts";
import type { Snapshot } from "./state/training-state.ts";

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

/** Progress after an evaluation: the best one kept, patience counted. Ties keep the earlier weights. */
export function afterEvaluation(
  progress: RunProgress,
  record: EvaluationRecord,
  snapshot: () => Snapshot,
  rule: SelectionRule,
): RunProgress {
  const next = { ...progress, last: record };
  if (!rule.decides) return next;
  const { best } = progress;
  if (best === undefined || decidingScore(record, rule) > decidingScore(best.record, rule)) {
    return { ...next, best: { record, snapshot: snapshot() }, evaluationsWithoutImprovement: 0 };
  }
  const evaluationsWithoutImprovement = progress.evaluationsWithoutImprovement + 1;
  const stoppedEarly = evaluationsWithoutImprovement >= (rule.patience ?? Infinity);
  return { ...next, evaluationsWithoutImprovement, stoppedEarly };
}
