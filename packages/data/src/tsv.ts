import { InvalidInputError } from "@blora/spec";
import { linesOf } from "./lines.ts";
import type { Table } from "./table.ts";
import { type TextTableOptions, textTable } from "./text-table.ts";

/**
 * Tab-separated text, in which a quote is a plain character and a cell holds
 * neither tab nor newline.
 *
 * @throws InvalidInputError naming the file and row with another number of cells
 */
export function parseTsv(file: string, text: string, options: TextTableOptions = {}): Table {
  const records = linesOf(file, text).map((line) => line.split("\t"));
  const table = textTable(file, records, "\t", options);
  if (options.columns === undefined) requireBareNames(table);
  return table;
}

/** A program that quotes names quotes texts and labels too, and those would be learned with their quotes. */
function requireBareNames({ file, columns }: Table): void {
  if (columns.length === 0 || !columns.every((name) => /^".*"$/.test(name))) return;
  throw new InvalidInputError(
    `${file}: expected names of columns without quotes, found ${columns.join(", ")}. A quote is part of the text in a tsv file: write it without (quote = FALSE in R, quoting=csv.QUOTE_NONE in Python), or as csv.`,
  );
}
