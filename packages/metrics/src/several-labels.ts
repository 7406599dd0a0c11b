import { ratesOf } from "./classification.ts";

/** How often a label was found, and is there. */
export interface LabelCounts {
  /** Rows where it was found and is there. */
  readonly right: number;
  readonly found: number;
  readonly support: number;
}

/**
 * Counts of each of C labels, of which a row has any number.
 *
 * @param predictions row-major [rows, C] of 0 and 1
 * @param labels likewise
 */
export function labelCounts(predictions: readonly number[], labels: readonly number[], C: number): LabelCounts[] {
  return Array.from({ length: C }, (_, label) => {
    const counts = { right: 0, found: 0, support: 0 };
    for (let index = label; index < labels.length; index += C) {
      counts.right += predictions[index]! * labels[index]!;
      counts.found += predictions[index]!;
      counts.support += labels[index]!;
    }
    return counts;
  });
}

/** F1 of all answers of all labels together; 0 where none is right. As scikit-learn's `f1_score(average="micro")`. */
export function microF1OfLabels(counts: readonly LabelCounts[]): number {
  const sum = (key: keyof LabelCounts) => counts.reduce((total, count) => total + count[key], 0);
  return ratesOf(sum("right"), sum("found"), sum("support")).f1;
}

/** Mean F1 of the labels, 0 for one that is never right. As scikit-learn's `f1_score(average="macro")`. */
export function macroF1OfLabels(counts: readonly LabelCounts[]): number {
  return counts.reduce((sum, { right, found, support }) => sum + ratesOf(right, found, support).f1, 0) / counts.length;
}

/** Share of rows whose labels are all right. As scikit-learn's `accuracy_score` of several labels. */
export function subsetAccuracy(predictions: readonly number[], labels: readonly number[], C: number): number {
  const rows = labels.length / C;
  const isRight = (row: number) =>
    Array.from({ length: C }, (_, label) => row * C + label).every((index) => predictions[index] === labels[index]);
  return Array.from({ length: rows }, (_, row) => row).filter(isRight).length / rows;
}
