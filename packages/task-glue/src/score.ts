import { accuracy, argmaxRows, f1, matthewsCorrelation, mostFrequent, pearson, spearman } from "@blora/metrics";
import { InvalidInputError, type Scores } from "@blora/spec";
import type { GlueTask, MetricName } from "./tasks.ts";

type Metric = (predictions: readonly number[], labels: readonly number[]) => number;

const METRICS: Readonly<Record<MetricName, Metric>> = {
  accuracy,
  f1,
  matthews_correlation: matthewsCorrelation,
  pearson,
  spearmanr: spearman,
};

/** Outputs of one model per row: 1 for regression, else the number of classes. */
export function outputsPerRow(task: GlueTask): number {
  return task.head.kind === "classification" ? task.head.labels.length : 1;
}

/** Class indices, or the raw scores of a regression, which are not clipped. */
export function predictionsFromLogits(task: GlueTask, logits: Float32Array): number[] {
  return task.head.kind === "classification" ? argmaxRows(logits, outputsPerRow(task)) : [...logits];
}

/**
 * The task's metrics, and their mean as `combined_score` where there are several. A correlation with a constant is
 * NaN: undefined.
 *
 * @param logits row-major [rows, C]
 * @throws InvalidInputError where there is nothing to score or the sizes differ.
 */
export function scoreLogits(task: GlueTask, logits: Float32Array, labels: readonly number[]): Scores {
  if (labels.length === 0) {
    throw new InvalidInputError("Expected labelled rows to score, found none. Test splits have no labels.");
  }
  if (logits.length !== labels.length * outputsPerRow(task)) {
    throw new InvalidInputError(
      `Expected ${outputsPerRow(task)} logits for each of ${labels.length} labels, found ${logits.length} in all.`,
    );
  }
  return scorePredictions(task, predictionsFromLogits(task, logits), labels);
}

/** Scores of giving every row the most frequent label, or the mean score. */
export function scoreMajority(task: GlueTask, labels: readonly number[]): Scores {
  if (labels.length === 0) throw new InvalidInputError("Expected labelled rows for a majority baseline, found none.");
  const answer =
    task.head.kind === "classification" ? mostFrequent(labels) : labels.reduce((a, b) => a + b) / labels.length;
  return scorePredictions(
    task,
    labels.map(() => answer),
    labels,
  );
}

function scorePredictions(task: GlueTask, predictions: readonly number[], labels: readonly number[]): Scores {
  const scores = task.metrics.map((name) => [name, METRICS[name](predictions, labels)] as const);
  if (scores.length < 2) return Object.fromEntries(scores);
  const combined = scores.reduce((sum, [, value]) => sum + value, 0) / scores.length;
  return Object.fromEntries([...scores, ["combined_score", combined] as const]);
}
