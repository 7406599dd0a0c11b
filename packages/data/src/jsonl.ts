import { nameOfFile } from "./hub-reference.ts";
import { linesOf } from "./lines.ts";
import { type DataRecord, parseRecord } from "./parse-record.ts";
import type { Table } from "./table.ts";
import { refuseWholeObject } from "./whole-object.ts";

/** Names a row in errors by its file and its line or number. Default: `rowOrigin`. */
export type NameRow = (file: string, row: number) => string;

/**
 * The objects of a file with one on each line; blank lines are passed over, but counted.
 *
 * @throws InvalidInputError naming a file that is one object around all rows, or file and line of what is no JSON object, has a key twice, or half a surrogate pair.
 *   Any key may name a column
 */
export function parseJsonl(file: string, text: string, nameRow: NameRow): DataRecord[] {
  refuseWholeObject(file, text);
  return linesOf(file, text).flatMap((line, index) =>
    line.trim() === "" ? [] : [parseRecord(line, nameRow(file, index + 1))],
  );
}

/** Objects as a table: the columns are the keys of all of them, and a key that one lacks is an absent cell. */
export function tableOfRecords(file: string, records: readonly DataRecord[]): Table {
  const columns = [...new Set(records.flatMap(({ fields }) => Object.keys(fields)))];
  return {
    file: nameOfFile(file),
    columns,
    rows: records.map(({ origin, fields }) => ({
      origin,
      cells: columns.map((column) => (Object.hasOwn(fields, column) ? fields[column] : undefined)),
    })),
    shortRows: 0,
  };
}
