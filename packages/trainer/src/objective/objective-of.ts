import { isLanguageModelTask, type RowLikelihood, type Scores, type ScoresByType, type Task } from "@blora/spec";
import type { TrainingRow } from "../data/packing.ts";
import { isLabelled, labelObjective, labelsOf, tokenObjective } from "./label-objective.ts";
import { likelihoodObjective } from "./likelihood-objective.ts";
import type { Objective } from "./objective.ts";

export function objectiveOf(task: Task): Objective {
  if (isLanguageModelTask(task)) return likelihoodObjective;
  return task.head.kind === "token-classification" ? tokenObjective(task) : labelObjective(task);
}

/** Undefined loss and scores: the split is not labelled. */
interface SplitScores {
  readonly loss: number | undefined;
  readonly scores: Scores | undefined;
  readonly types?: ScoresByType;
  readonly likelihoods?: readonly RowLikelihood[];
}

/** Loss and scores of a split from the answers of its rows and the sum of each row's losses. */
export function scoresOf(
  task: Task,
  rows: readonly TrainingRow[],
  logits: Float32Array,
  lossSums: Float64Array,
): SplitScores {
  const total = lossSums.reduce((sum, loss) => sum + loss, 0);
  if (isLanguageModelTask(task)) {
    const likelihoods = rows.map(({ targets = [], label }, row) => {
      return { logLikelihood: -lossSums[row]!, tokens: targets.length, label };
    });
    const tokens = likelihoods.reduce((sum, row) => sum + row.tokens, 0);
    return { loss: tokens === 0 ? undefined : total / tokens, scores: task.score(likelihoods), likelihoods };
  }
  if (!rows.every(isLabelled)) return { loss: undefined, scores: undefined };
  const answers = answersOf(task, rows);
  const count = answers.reduce((sum, answersOfRow) => sum + answersOfRow, 0);
  const labels = rows.flatMap(labelsOf);
  const types = task.scoreByType?.(logits, labels, answers);
  return { loss: total / count, scores: task.score(logits, labels, answers), ...(types && { types }) };
}

/** How many answers each row has. */
function answersOf(task: Task, rows: readonly TrainingRow[]): number[] {
  const { lossesOf } = objectiveOf(task);
  return rows.map(lossesOf);
}

/** Scores that need no network: of one constant answer. A language model has none. */
export function baselineScores(task: Task, rows: readonly TrainingRow[]): Scores {
  return isLanguageModelTask(task) ? {} : task.majority(rows.flatMap(labelsOf), answersOf(task, rows));
}
