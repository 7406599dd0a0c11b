import { InvalidInputError } from "@blora/spec";
import { readText, splitLines } from "./read-text.ts";
import { rowOrigin, type Table, type TableRow } from "./table.ts";

export interface TsvOptions {
  /** Column names of a file without a header line. */
  readonly columns?: readonly string[];
  /** Leave out rows with too few cells and count them, instead of refusing the file. */
  readonly skipShortRows?: boolean;
}

/** Reads a tab-separated file in which a quote is a plain character. */
export async function readTsv(file: string, options: TsvOptions = {}): Promise<Table> {
  return parseTsv(file, await readText(file), options);
}

/**
 * Splits tab-separated text. Every row must have as many cells as there are columns.
 *
 * @throws InvalidInputError naming the file and row, the header being row 1.
 */
export function parseTsv(file: string, text: string, options: TsvOptions = {}): Table {
  const lines = splitLines(text);
  const columns = options.columns ?? lines[0]?.split("\t") ?? [];
  const rows: TableRow[] = [];
  let shortRows = 0;
  for (let index = options.columns === undefined ? 1 : 0; index < lines.length; index++) {
    const cells = lines[index]!.split("\t");
    if (cells.length < columns.length && options.skipShortRows === true) {
      shortRows++;
    } else if (cells.length !== columns.length) {
      throw new InvalidInputError(
        `${rowOrigin(file, index + 1)}: expected ${columns.length} tab-separated cells (${columns.join(", ")}), found ${cells.length}.`,
      );
    } else {
      rows.push({ number: index + 1, cells });
    }
  }
  return { file, columns, rows, shortRows };
}
