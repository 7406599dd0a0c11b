import { InvalidInputError } from "@blora/spec";
import { isOfHub, nameOfFile } from "./hub-reference.ts";
import { shownCell } from "./shown-cell.ts";

export interface TableRow {
  /** File and row, for error messages. */
  readonly origin: string;
  /** In the order of `Table.columns`: texts of csv and tsv; what the file holds, or nothing, of jsonl and parquet. */
  readonly cells: readonly unknown[];
}

/** One data file, before anything is known about its task. */
export interface Table {
  /** For messages, see `nameOfFile`. */
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
  /** Names a parquet file of `datasets` gives the numbers of its class columns, by column. */
  readonly classNames?: ReadonlyMap<string, readonly string[]>;
  /** Rows left out because they have too few cells. */
  readonly shortRows: number;
}

/** How errors name a row, counted from 1: lines of tsv and jsonl, records of csv and parquet; a header is row 1. */
export function rowOrigin(file: string, row: number): string {
  return isOfHub(file) ? `${nameOfFile(file)} row ${row}` : `${file}, row ${row}`;
}

/** Names that a message lists, and characters of each. */
const [MOST_NAMES, SHOWN_NAME] = [24, 80];

/** The names of columns or classes in messages: there may be thousands, and a file without names has its first row for them. */
export function shownNames(names: readonly string[]): string {
  const shown = names
    .slice(0, MOST_NAMES)
    .map((name) => (name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}…` : name));
  const others = names.length - shown.length;
  return `${shown.join(", ")}${others > 0 ? ` and ${others} more` : ""}`;
}

/**
 * Index in `cells` of the first of `names` that the table has.
 *
 * @param what what the column is for, such as `label`
 * @throws InvalidInputError naming the file and the columns it has
 */
export function requireColumn(table: Table, names: readonly string[], what: string): number {
  const name = names.find((candidate) => table.columns.includes(candidate));
  if (name !== undefined) return table.columns.indexOf(name);
  const found = table.columns.length === 0 ? "an empty file" : `the columns ${shownNames(table.columns)}`;
  throw new InvalidInputError(`${table.file}: expected a ${what} column named ${names.join(" or ")}, found ${found}.`);
}

/** @throws InvalidInputError naming file, row and column of a cell that is no text */
export function requireText(table: Table, { cells, origin }: TableRow, column: number): string {
  const cell = cells[column];
  if (typeof cell === "string") return cell;
  throw new InvalidInputError(`${origin}: expected text in column ${table.columns[column]}, found ${shownCell(cell)}.`);
}

/** @throws InvalidInputError naming a column that is there twice */
export function requireDistinct(file: string, columns: readonly string[]): void {
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice === undefined) return;
  throw new InvalidInputError(
    `${nameOfFile(file)}: expected columns with a name each, found ${JSON.stringify(twice)} twice.`,
  );
}

const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

/** The decimal number of a cell; NaN where it is none. JavaScript alone would read `0x3` as 3 and nothing as 0. */
export function numberInText(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}
