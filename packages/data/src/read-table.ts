import { basename } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { parseCsv } from "./csv.ts";
import { parseFileName } from "./file-name.ts";
import { tableOfRecords } from "./jsonl.ts";
import { readParquet } from "./parquet.ts";
import { readRecords } from "./read-records.ts";
import { readText } from "./read-text.ts";
import type { Table } from "./table.ts";
import type { TextTableOptions } from "./text-table.ts";
import { parseTsv } from "./tsv.ts";

/**
 * Reads one data file, in the format its name ends with.
 *
 * @throws InvalidInputError naming the file, and the row or line that is wrong
 */
export async function readTable(file: string, options: TextTableOptions = {}): Promise<Table> {
  switch (parseFileName(basename(file))?.format) {
    case ".csv":
      return parseCsv(file, await readText(file), options);
    case ".tsv":
      return parseTsv(file, await readText(file), options);
    case ".jsonl":
    case ".json":
      return tableOfRecords(file, await readRecords(file));
    case ".parquet":
      return readParquet(file);
    default:
      throw new InvalidInputError(`${file}: expected the name of a csv, tsv, jsonl, json or parquet file.`);
  }
}
