import { readFile } from "node:fs/promises";
import { decodeText, InvalidInputError } from "@blora/spec";
import { CsvError, parse } from "csv-parse/sync";
import { type Question, rowOrigin, toQuestion } from "./question.ts";

/** Question, four choices, and the answer. */
const CELLS = 6;

/** Reads one file of the original layout: no header, quoted cells that may hold line breaks, every cell a text. */
export async function readCsv(file: string): Promise<Question[]> {
  return parseCsv(file, decodeText(await readFile(file), file));
}

/** @throws InvalidInputError naming file and row, counted in records and not in lines */
export function parseCsv(file: string, text: string): Question[] {
  return records(file, text).map((cells, index) => {
    const origin = rowOrigin(file, index + 1);
    if (cells.length !== CELLS) {
      throw new InvalidInputError(
        `${origin}: expected ${CELLS} cells (question, A, B, C, D, answer), found ${cells.length}.`,
      );
    }
    return toQuestion({ question: cells[0], choices: cells.slice(1, 5), answer: cells[5] }, origin);
  });
}

function records(file: string, text: string): string[][] {
  try {
    return parse(text, { relax_column_count: true, skip_empty_lines: true });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new InvalidInputError(`${file}: expected comma-separated values, found an error in them: ${cause.message}.`, {
      cause,
    });
  }
}
