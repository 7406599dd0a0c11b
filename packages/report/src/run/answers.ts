import { classScores, ratesOf } from "@blora/metrics";
import type { AnswersRecord, ClassCounts, NumberPairs, RunFiles, SeveralCounts } from "@blora/runs";
import { count, score } from "../text/format.ts";
import { scatterChart } from "./scatter-chart.ts";
import type { Section, Table } from "./section.ts";

/** Classes that a matrix shows side by side. */
const MOST_COLUMNS = 20;
const MOST_MISTAKES = 20;

/** How the weights of the adapter answered: by class and as a confusion matrix, by label, or as a scatter. */
export function answersSection({ answers: record }: Pick<RunFiles, "answers">): Section {
  if (record === undefined) return { id: "answers", title: "Answers" };
  const { answers } = record;
  if (answers.kind === "number") return numbersSection(record, answers);
  return {
    id: "answers",
    title: "Answers",
    text: `Of the adapter, on ${record.split} after step ${count(record.step)}.`,
    tables: answers.kind === "several" ? [labelTable(answers)] : classTables(answers),
  };
}

function numbersSection({ split, step }: AnswersRecord, { rows, pairs }: NumberPairs): Section {
  const shown = pairs.length < rows ? `${count(pairs.length)} of ${count(rows)}` : count(rows);
  return {
    id: "answers",
    title: "Answers",
    text: `Of the adapter, on ${shown} rows of ${split} after step ${count(step)}; on the line they would be right.`,
    figures: [{ id: "answers", caption: "Answers over the numbers that are given", spec: scatterChart(pairs) }],
  };
}

function classTables({ labels, counts }: ClassCounts): Table[] {
  const matrix = labels.map(() => new Array<number>(labels.length).fill(0));
  for (const [label, answer, times] of counts) matrix[label]![answer] = times;
  const rates = classScores(matrix).map(({ precision, recall, f1, support }, label) => [
    labels[label]!,
    ...[precision, recall, f1].map(score),
    count(support),
  ]);
  return [
    folded({ caption: "By class", columns: ["class", ...RATES], rows: rates }),
    labels.length > MOST_COLUMNS
      ? mistakes(labels, counts)
      : {
          caption: "Confusion matrix: a row for each class, a column for each answer",
          columns: ["class", ...labels],
          rows: matrix.map((row, label) => [labels[label]!, ...row.map(count)]),
          hasRowHeaders: true,
        },
  ];
}

const RATES = ["precision", "recall", "F1", "support"] as const;

function mistakes(labels: readonly string[], counts: ClassCounts["counts"]): Table {
  const wrong = counts.filter(([label, answer]) => label !== answer).sort(([, , a], [, , b]) => b - a);
  return {
    caption: `What is taken for what, the ${MOST_MISTAKES} most frequent first`,
    columns: ["class", "answer", "rows"],
    rows: wrong
      .slice(0, MOST_MISTAKES)
      .map(([label, answer, times]) => [labels[label]!, labels[answer]!, count(times)]),
  };
}

function labelTable({ labels, counts }: SeveralCounts): Table {
  const rows = counts.map(([right, answered, support], label) => {
    const { precision, recall, f1 } = ratesOf(right, answered, support);
    return [labels[label]!, ...[precision, recall, f1].map(score), count(support), count(answered)];
  });
  return folded({ caption: "By label", columns: ["label", ...RATES, "answered"], rows });
}

function folded(table: Omit<Table, "hasRowHeaders">): Table {
  const isLong = table.rows.length > MOST_COLUMNS;
  return { ...table, hasRowHeaders: true, ...(isLong && { summary: `${table.caption} (${table.rows.length})` }) };
}
