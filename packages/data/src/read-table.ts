import { basename } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { adviceOnName, parseFileName } from "./file-name.ts";
import { readParquet } from "./parquet.ts";
import { parseTable } from "./parse-table.ts";
import { readText } from "./read-text.ts";
import type { Table } from "./table.ts";
import type { TextTableOptions } from "./text-table.ts";

/**
 * Reads one data file, in the format its name ends with.
 *
 * @throws InvalidInputError naming the file, and the row or line that is wrong
 */
export async function readTable(file: string, options: TextTableOptions = {}): Promise<Table> {
  switch (parseFileName(basename(file))?.format) {
    case ".csv":
    case ".tsv":
    case ".jsonl":
    case ".json":
      return parseTable(file, await readText(file), options);
    case ".parquet":
      return readParquet(file);
    default:
      throw new InvalidInputError(
        `${file}: expected the name of a csv, tsv, jsonl, json or parquet file.${adviceOnName(file)}`,
      );
  }
}
