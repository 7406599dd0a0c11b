/** One line of a data file, numbered as an editor or a parquet viewer shows it. */
export interface TableRow {
  readonly number: number;
  /** In the order of `Table.columns`. */
  readonly cells: readonly unknown[];
}

/** A data file, before anything is known about its task. */
export interface Table {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
  /** What the file itself calls label 0, 1, …, where it says so. */
  readonly labelNames?: readonly string[];
  /** Rows left out because they have too few cells. */
  readonly shortRows: number;
}

/** How errors and examples name a row. */
export function rowOrigin(file: string, row: number): string {
  return `${file}, row ${row}`;
}
