import type { Example, Head } from "@blora/spec";

/** Cells of a csv file, a header first. */
export type Rows = readonly (readonly string[])[];

/**
 * One row for each text: where it stands, what is predicted, and how likely each class is. A number has no likelihoods.
 *
 * @param logits row-major [rows, C]
 */
export function predictionRows(head: Head, examples: readonly Example[], logits: Float32Array): Rows {
  const labels = "labels" in head ? head.labels : [];
  const C = logits.length / examples.length;
  const rows = examples.map(({ origin }, row) => {
    const own = [...logits.subarray(row * C, (row + 1) * C)];
    if (labels.length === 0) return [origin, String(own[0])];
    const shares = isSeveral(head) ? own.map(logistic) : softmax(own);
    const chosen = isSeveral(head)
      ? labels.filter((_, label) => shares[label]! > 0.5).join(" ")
      : labels[own.indexOf(Math.max(...own))]!;
    return [origin, chosen, ...shares.map((share) => share.toFixed(6))];
  });
  return [["row", "prediction", ...labels.map((label) => `probability of ${label}`)], ...rows];
}

/** Comma-separated values; a cell with a comma, a quote or a line break stands in quotes. */
export function toCsv(rows: Rows): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

const isSeveral = (head: Head): boolean => head.kind === "classification" && head.several === true;

const logistic = (logit: number): number => 1 / (1 + Math.exp(-logit));

function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}
