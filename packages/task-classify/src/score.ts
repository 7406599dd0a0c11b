import {
  accuracy,
  argmaxRows,
  labelCounts,
  macroF1,
  macroF1OfLabels,
  matthewsCorrelation,
  microF1OfLabels,
  mostFrequent,
  pearson,
  rootMeanSquaredError,
  spearman,
  subsetAccuracy,
} from "@blora/metrics";
import { InvalidInputError, type LabelHead, type Scores } from "@blora/spec";

/** Metric that decides which weights are best. */
export function primaryMetricOf(head: LabelHead): string {
  if (head.kind === "regression") return "pearson";
  return isSeveral(head) ? "micro_f1" : "accuracy";
}

/**
 * Accuracy, macro F1 and Matthews correlation of classes; micro F1, macro F1 and the share of rows that are all right
 * where a row has several; Pearson, Spearman and root mean squared error of numbers. A correlation with a constant is
 * NaN: undefined.
 *
 * @param logits row-major [rows, C]
 * @param labels as the task's `score` has them
 * @throws InvalidInputError where there is nothing to score or the sizes differ
 */
export function scoreLogits(head: LabelHead, logits: Float32Array, labels: readonly number[]): Scores {
  const C = "labels" in head ? head.labels.length : 1;
  const rows = isSeveral(head) ? labels.length / C : labels.length;
  if (rows === 0 || logits.length !== C * rows) {
    throw new InvalidInputError(`Expected ${C} logits for each of ${rows} labels, found ${logits.length} in all.`);
  }
  if (head.kind === "regression") return numberMetrics([...logits], labels);
  if (isSeveral(head))
    return severalMetrics(
      Array.from(logits, (logit) => Number(logit > 0)),
      labels,
      C,
    );
  return classMetrics(argmaxRows(logits, C), labels);
}

/** Scores of giving every row the most frequent class or set of classes, or the mean number. */
export function scoreMajority(head: LabelHead, labels: readonly number[]): Scores {
  if (labels.length === 0) throw new InvalidInputError("Expected labels for a majority baseline, found none.");
  if (head.kind === "regression") {
    const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length;
    return numberMetrics(
      labels.map(() => mean),
      labels,
    );
  }
  if (isSeveral(head)) return severalMajority(labels, head.labels.length);
  const most = mostFrequent(labels);
  return classMetrics(
    labels.map(() => most),
    labels,
  );
}

function severalMajority(labels: readonly number[], C: number): Scores {
  const sets = Array.from({ length: labels.length / C }, (_, row) => labels.slice(row * C, (row + 1) * C).join(" "));
  const names = [...new Set(sets)];
  const most = mostFrequent(sets.map((set) => names.indexOf(set)));
  const answer = names[most]!.split(" ").map(Number);
  return severalMetrics(
    sets.flatMap(() => answer),
    labels,
    C,
  );
}

const isSeveral = (head: LabelHead): boolean => head.kind === "classification" && head.several === true;

function classMetrics(predictions: readonly number[], labels: readonly number[]): Scores {
  return {
    accuracy: accuracy(predictions, labels),
    macro_f1: macroF1(predictions, labels),
    matthews_correlation: matthewsCorrelation(predictions, labels),
  };
}

function severalMetrics(predictions: readonly number[], labels: readonly number[], C: number): Scores {
  const counts = labelCounts(predictions, labels, C);
  return {
    micro_f1: microF1OfLabels(counts),
    macro_f1: macroF1OfLabels(counts),
    subset_accuracy: subsetAccuracy(predictions, labels, C),
  };
}

function numberMetrics(predictions: readonly number[], labels: readonly number[]): Scores {
  return {
    pearson: pearson(predictions, labels),
    spearmanr: spearman(predictions, labels),
    rmse: rootMeanSquaredError(predictions, labels),
  };
}
