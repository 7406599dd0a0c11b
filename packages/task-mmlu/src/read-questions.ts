import { readTable } from "@blora/data";
import { type Question, type QuestionRow, toQuestion } from "./question.ts";

/** Columns of the original's csv files, which have no header. */
const COLUMNS = ["question", "A", "B", "C", "D", "answer"];

/**
 * The questions of one file: csv of the original layout, every cell a text, or
 * parquet or jsonl with the Hub's keys. The Hub's file of training questions
 * wraps every row in a struct called `train`.
 *
 * @throws InvalidInputError naming file and row
 */
export async function readQuestions(file: string): Promise<Question[]> {
  const { columns, rows } = await readTable(file, { columns: COLUMNS });
  return rows.map(({ cells, origin }) => {
    if (columns === COLUMNS) {
      return toQuestion({ question: cells[0], choices: cells.slice(1, 5), answer: cells[5] }, origin);
    }
    const row = Object.fromEntries(columns.map((column, index) => [column, cells[index]]));
    return toQuestion((row.train ?? row) as QuestionRow, origin);
  });
}
