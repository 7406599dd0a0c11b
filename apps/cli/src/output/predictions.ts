import { answerOf, type ChoosingHead } from "@blora/spec";
import type { Predictions } from "@blora/trainer";

/** Cells of a csv file, a header first. */
export type Rows = readonly (readonly string[])[];

/**
 * A row for each text: where it stands, what is predicted, and how likely each class is. Several classes are a JSON list,
 * as the rows of one's own data may have it. A number has no likelihoods.
 */
export function predictionRows({ head, examples, logits }: Pick<Predictions, "head" | "examples" | "logits">): Rows {
  const labels = "labels" in head ? head.labels : [];
  const C = Math.max(labels.length, 1);
  const rows = examples.map(({ origin }, row) => {
    const own = logits.subarray(row * C, (row + 1) * C);
    return [origin, ...(head.kind === "regression" ? [String(own[0])] : cellsOf(head, own))];
  });
  return [["row", "prediction", ...labels.map((label) => `probability of ${label}`)], ...rows];
}

function cellsOf(head: ChoosingHead, logits: Float32Array): string[] {
  const { chosen, probabilities } = answerOf(head, logits);
  const names = chosen.map((label) => head.labels[label]!);
  const isSeveral = head.kind === "classification" && head.several === true;
  return [isSeveral ? JSON.stringify(names) : names[0]!, ...probabilities.map((share) => share.toFixed(6))];
}

/** Comma-separated values; a cell with a comma, a quote or a line break stands in quotes. */
export function toCsv(rows: Rows): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}
