/** Share of predictions that equal their label. */
export function accuracy(predictions: readonly number[], labels: readonly number[]): number {
  return predictions.filter((prediction, row) => prediction === labels[row]).length / labels.length;
}

/** 2TP / (2TP + FP + FN) of class 1; 0 where neither labels nor predictions hold it. */
export function f1(predictions: readonly number[], labels: readonly number[]): number {
  let truePositives = 0;
  let errors = 0;
  for (const [row, label] of labels.entries()) {
    if (label === 1 && predictions[row] === 1) truePositives++;
    else if (label === 1 || predictions[row] === 1) errors++;
  }
  return truePositives === 0 ? 0 : (2 * truePositives) / (2 * truePositives + errors);
}

/**
 * Matthews correlation for any number of classes (Gorodkin 2004), which for
 * two is (TP·TN - FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)). 0 where labels or
 * predictions are all one class. Counts are multiplied exactly: their products
 * pass 2^53 on long splits.
 */
export function matthewsCorrelation(predictions: readonly number[], labels: readonly number[]): number {
  const predicted = new Map<number, bigint>();
  const actual = new Map<number, bigint>();
  let correct = 0n;
  for (const [row, label] of labels.entries()) {
    const prediction = predictions[row]!;
    predicted.set(prediction, (predicted.get(prediction) ?? 0n) + 1n);
    actual.set(label, (actual.get(label) ?? 0n) + 1n);
    if (prediction === label) correct++;
  }
  const rows = BigInt(labels.length);
  const dot = (a: ReadonlyMap<number, bigint>, b: ReadonlyMap<number, bigint>) =>
    [...a].reduce((sum, [key, count]) => sum + count * (b.get(key) ?? 0n), 0n);
  const covariance = correct * rows - dot(predicted, actual);
  const spread = (rows * rows - dot(predicted, predicted)) * (rows * rows - dot(actual, actual));
  return spread === 0n ? 0 : Number(covariance) / Math.sqrt(Number(spread));
}

/** Index of the largest of C logits of each row; ties go to the lowest index. */
export function argmaxRows(logits: Float32Array, classes: number): number[] {
  return Array.from({ length: logits.length / classes }, (_, row) => {
    let best = 0;
    for (let index = 1; index < classes; index++) {
      if (logits[row * classes + index]! > logits[row * classes + best]!) best = index;
    }
    return best;
  });
}

/** The label that occurs most; of several the lowest. At least one label. */
export function mostFrequent(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [most] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || a - b)[0]!;
  return most;
}

/** How one class was answered. */
export interface ClassScores {
  /** Right among the rows given this class; 0 where none was. */
  readonly precision: number;
  /** Right among the rows of this class; 0 where there is none. */
  readonly recall: number;
  /** 2TP / (2TP + FP + FN); 0 where TP is 0. */
  readonly f1: number;
  /** Rows of this class. */
  readonly support: number;
}

/** Counts of C × C: `[label][prediction]`. */
export function confusionMatrix(
  predictions: readonly number[],
  labels: readonly number[],
  classes: number,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [row, label] of labels.entries()) counts[label]![predictions[row]!]!++;
  return counts;
}

/** Scores of each class, from the counts of a confusion matrix. */
export function classScores(confusion: readonly (readonly number[])[]): ClassScores[] {
  return confusion.map((row, label) => {
    const support = row.reduce((sum, count) => sum + count, 0);
    const given = confusion.reduce((sum, other) => sum + other[label]!, 0);
    return ratesOf(row[label]!, given, support);
  });
}

/** Mean F1 over the classes that labels or predictions hold, as scikit-learn's `f1_score(average="macro")`. */
export function macroF1(predictions: readonly number[], labels: readonly number[]): number {
  const counts = new Map<number, { right: number; found: number; support: number }>();
  const countOf = (label: number) => {
    const count = counts.get(label) ?? { right: 0, found: 0, support: 0 };
    counts.set(label, count);
    return count;
  };
  for (const [row, label] of labels.entries()) {
    const prediction = predictions[row]!;
    countOf(prediction).found++;
    countOf(label).support++;
    if (prediction === label) countOf(label).right++;
  }
  const scores = [...counts.values()].map(({ right, found, support }) => ratesOf(right, found, support).f1);
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/**
 * Precision, recall and F1 of what was found.
 *
 * @param right found that is there
 * @param found all that was found
 * @param support all that is there
 */
export function ratesOf(right: number, found: number, support: number): ClassScores {
  return {
    precision: found === 0 ? 0 : right / found,
    recall: support === 0 ? 0 : right / support,
    f1: right === 0 ? 0 : (2 * right) / (found + support),
    support,
  };
}
