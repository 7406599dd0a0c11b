import { InvalidInputError } from "@blora/spec";
import { rowOrigin, type Table, type TableRow } from "./table.ts";

export interface TextTableOptions {
  /** Column names of a csv or tsv file without a header. */
  readonly columns?: readonly string[];
  /** Leave out rows of a csv or tsv file with too few cells and count them, instead of refusing the file. */
  readonly skipShortRows?: boolean;
}

/**
 * Records of text as a table. Every row must have as many cells as there are columns.
 *
 * @param cellName what errors call the cells
 * @throws InvalidInputError naming file and row
 */
export function textTable(
  file: string,
  records: readonly (readonly string[])[],
  cellName: string,
  options: TextTableOptions,
): Table {
  const columns = options.columns ?? records[0] ?? [];
  const rows: TableRow[] = [];
  let shortRows = 0;
  for (let index = options.columns === undefined ? 1 : 0; index < records.length; index++) {
    const cells = records[index]!;
    const origin = rowOrigin(file, index + 1);
    if (cells.length < columns.length && options.skipShortRows === true) {
      shortRows++;
    } else if (cells.length !== columns.length) {
      throw new InvalidInputError(
        `${origin}: expected ${columns.length} ${cellName} (${columns.join(", ")}), found ${cells.length}.`,
      );
    } else {
      rows.push({ origin, cells });
    }
  }
  return { file, columns, rows, shortRows };
}
