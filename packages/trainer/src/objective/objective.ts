import type { AdaptedNetwork, NetworkInputs } from "@blora/network";
import {
  type Batch,
  type Feed,
  isLanguageModelTask,
  type RowLikelihood,
  type Scores,
  type ScoresByType,
  type Task,
} from "@blora/spec";
import type { Tensor, TensorRecord, TensorSpec } from "@blora/tensor";
import type { TrainingRow } from "../data/packing.ts";
import type { BatchShape } from "../steps/step-shape.ts";
import { isLabelled, labelObjective, labelsOf, tokenObjective } from "./label-objective.ts";
import { likelihoodObjective } from "./likelihood-objective.ts";

/** What a batch gives. */
export interface BatchResult {
  /** [N] */
  readonly losses: Tensor;
  /** [N, C], where losses are of answers: those of rows or of their targets. */
  readonly logits?: Tensor;
}

/**
 * How rows become losses: one a row for labels, one a target token for
 * language models. The loss of an update is the mean of all its losses,
 * however they fall into batches.
 */
export interface Objective {
  /** Losses a row has. */
  lossesOf(row: TrainingRow): number;
  /** N for the rows of one batch; larger where fewer sizes mean fewer graphs. */
  size(rows: readonly TrainingRow[], batchSize: number, length: number): number;
  /** Inputs of a step beside the tokens and the weights of its losses. */
  inputs(shape: BatchShape): Record<string, TensorSpec>;
  /** Values of `inputs`, in which the losses of the rows come first and in order. */
  feeds(rows: readonly TrainingRow[], shape: BatchShape): Record<string, Feed>;
  compute(network: AdaptedNetwork, inputs: NetworkInputs, batch: Batch, input: TensorRecord): BatchResult;
}

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
