import { answerOf, type ChoosingHead } from "@blora/spec";
import type { Predictions } from "@blora/trainer";
import type { PredictionFormat } from "./prediction-format.ts";

type Answers = Pick<Predictions, "head" | "examples" | "logits">;

/** All predictions as the text of a file. */
export function predictionText(answers: Answers, format: PredictionFormat): string {
  if (format === "jsonl")
    return objectsOf(answers)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join("");
  return format === "tsv" ? toTsv(predictionRows(answers)) : toCsv(predictionRows(answers));
}

/** Cells of a csv file, a header first. */
export type Rows = readonly (readonly string[])[];

/**
 * A row for each text: where it stands, what is predicted, and how likely each class is. Several classes are a JSON list,
 * as the rows of one's own data may have it. A number has no likelihoods.
 */
export function predictionRows({ head, examples, logits }: Answers): Rows {
  const labels = "labels" in head ? head.labels : [];
  const C = Math.max(labels.length, 1);
  const rows = examples.map(({ origin }, row) => {
    const own = logits.subarray(row * C, (row + 1) * C);
    return [origin, ...(head.kind === "regression" ? [String(own[0])] : cellsOf(head, own))];
  });
  return [["row", "prediction", ...labels.map((label) => `probability of ${label}`)], ...rows];
}

function cellsOf(head: ChoosingHead, logits: Float32Array): string[] {
  const { prediction, shares } = choiceOf(head, logits);
  return [typeof prediction === "string" ? prediction : JSON.stringify(prediction), ...shares];
}

/** One class, or a list of them, and how likely every class is, with six decimals. */
function choiceOf(head: ChoosingHead, logits: Float32Array) {
  const { chosen, probabilities } = answerOf(head, logits);
  const names = chosen.map((label) => head.labels[label]!);
  const isSeveral = head.kind === "classification" && head.several === true;
  return { prediction: isSeveral ? names : names[0]!, shares: probabilities.map((share) => share.toFixed(6)) };
}

/** A row for each text, as `predictionRows`, with numbers as numbers and lists as lists. */
function objectsOf({ head, examples, logits }: Answers): readonly object[] {
  const C = "labels" in head ? head.labels.length : 1;
  return examples.map(({ origin: row }, index) => {
    const own = logits.subarray(index * C, (index + 1) * C);
    if (head.kind === "regression") return { row, prediction: own[0] };
    const { prediction, shares } = choiceOf(head, own);
    const probabilities = Object.fromEntries(head.labels.map((label, at) => [label, Number(shares[at])]));
    return { row, prediction, probabilities };
  });
}

/** A text as files hold it whose cells end at a tab or a line: these are written as spaces. */
export function withoutBreaks(text: string): string {
  return text.replace(/[\t\r\n]+/g, " ");
}

/** Tab-separated values. */
function toTsv(rows: Rows): string {
  return rows.map((row) => `${row.map(withoutBreaks).join("\t")}\n`).join("");
}

/** Comma-separated values; a cell with a comma, a quote or a line break stands in quotes. */
export function toCsv(rows: Rows): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}
