import {
  accuracy,
  argmaxRows,
  macroF1,
  matthewsCorrelation,
  mostFrequent,
  pearson,
  rootMeanSquaredError,
  spearman,
} from "@blora/metrics";
import { InvalidInputError, type LabelHead, type Scores } from "@blora/spec";

/**
 * Accuracy, macro F1 and Matthews correlation of classes; Pearson, Spearman and root mean squared error of numbers. A
 * correlation with a constant is 0: the model ranks nothing.
 *
 * @param logits row-major [rows, C]
 * @throws InvalidInputError where there is nothing to score or the sizes differ
 */
export function scoreLogits(head: LabelHead, logits: Float32Array, labels: readonly number[]): Scores {
  const C = head.kind === "classification" ? head.labels.length : 1;
  if (labels.length === 0 || logits.length !== C * labels.length) {
    throw new InvalidInputError(
      `Expected ${C} logits for each of ${labels.length} labels, found ${logits.length} in all.`,
    );
  }
  return head.kind === "classification"
    ? classMetrics(argmaxRows(logits, C), labels)
    : numberMetrics([...logits], labels);
}

/** Scores of giving every row the most frequent class, or the mean number. */
export function scoreMajority({ kind }: LabelHead, labels: readonly number[]): Scores {
  if (labels.length === 0) throw new InvalidInputError("Expected labels for a majority baseline, found none.");
  if (kind === "regression") {
    const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length;
    return numberMetrics(
      labels.map(() => mean),
      labels,
    );
  }
  const most = mostFrequent(labels);
  return classMetrics(
    labels.map(() => most),
    labels,
  );
}

function classMetrics(predictions: readonly number[], labels: readonly number[]): Scores {
  return {
    accuracy: accuracy(predictions, labels),
    macro_f1: macroF1(predictions, labels),
    matthews_correlation: matthewsCorrelation(predictions, labels),
  };
}

function numberMetrics(predictions: readonly number[], labels: readonly number[]): Scores {
  const defined = (value: number) => (Number.isNaN(value) && predictions.every(Number.isFinite) ? 0 : value);
  return {
    pearson: defined(pearson(predictions, labels)),
    spearmanr: defined(spearman(predictions, labels)),
    rmse: rootMeanSquaredError(predictions, labels),
  };
}
