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
  return textTable(file, records, "tab-separated cells", options);
}
