import { InvalidInputError } from "@blora/spec";
import { nameOfFile } from "./hub-reference.ts";
import { requireDistinct, rowOrigin, shownNames, type Table, type TableRow } from "./table.ts";

export interface TextTableOptions {
  /** Column names of a csv or tsv file without a header. */
  readonly columns?: readonly string[];
  /** Leave out rows of a csv or tsv file with too few cells and count them, instead of refusing the file. */
  readonly skipShortRows?: boolean;
}

/**
 * Records of text as a table. Every row must have as many cells as there are
 * columns; a blank line is no row, but is counted.
 *
 * @param separator what stands between the cells
 * @throws InvalidInputError naming file and row
 */
export function textTable(
  file: string,
  records: readonly (readonly string[])[],
  separator: "," | "\t",
  options: TextTableOptions,
): Table {
  const header = options.columns === undefined ? records.findIndex((cells) => !isBlankLine(cells)) : -1;
  const columns = options.columns ?? records[header] ?? [];
  // Excel writes a comma for every column that was ever filled: those without a name cannot be asked for.
  requireDistinct(
    file,
    columns.filter((name) => name !== ""),
  );
  if (options.columns === undefined) requireSeparated(file, columns, separator);
  const rows: TableRow[] = [];
  let shortRows = 0;
  for (let index = header + 1; index < records.length; index++) {
    const cells = records[index]!;
    const origin = rowOrigin(file, index + 1);
    // With one column it may be an empty cell.
    if (columns.length > 1 && isBlankLine(cells)) continue;
    if (header >= 0 && isRepeated(columns, cells)) {
      throw new InvalidInputError(
        `${origin}: expected a row, found the names of the columns again. Join files without the first line of the later ones.`,
      );
    }
    if (cells.length < columns.length && options.skipShortRows === true) {
      shortRows++;
    } else if (cells.length !== columns.length) {
      throw new InvalidInputError(
        `${origin}: expected ${columns.length} ${separator === "\t" ? "tab-separated " : ""}cells (${shownNames(columns)}), found ${cells.length}.`,
      );
    } else {
      rows.push({ origin, cells });
    }
  }
  return { file: nameOfFile(file), columns, rows, shortRows };
}

/** Tables of other programs separate columns otherwise, which leaves a single one with a long name. */
function requireSeparated(file: string, [only = "", ...others]: readonly string[], separator: "," | "\t"): void {
  const signs = [",", ";", "\t", "|"].filter((sign) => sign !== separator);
  if (others.length > 0 || !signs.some((sign) => only.includes(sign))) return;
  throw new InvalidInputError(
    `${nameOfFile(file)}: expected several columns, found one called ${JSON.stringify(shownNames([only]))}. Separate them by commas in a csv file, or by tabs in a tsv file.`,
  );
}

/** A single name may be a text like any other. */
function isRepeated(columns: readonly string[], cells: readonly string[]): boolean {
  return columns.length > 1 && cells.length === columns.length && cells.every((cell, at) => cell === columns[at]);
}

function isBlankLine(cells: readonly string[]): boolean {
  return cells.length === 1 && cells[0]!.trim() === "";
}
