import { InvalidInputError } from "@blora/spec";
import { parseCsv } from "./csv.ts";
import { parseFileName } from "./file-name.ts";
import { parseJsonFile } from "./json-array.ts";
import { parseJsonl, tableOfRecords } from "./jsonl.ts";
import { rowOrigin, type Table } from "./table.ts";
import type { TextTableOptions } from "./text-table.ts";
import { parseTsv } from "./tsv.ts";

/**
 * The table in the text of a data file, in the format its name ends with.
 *
 * @param file for messages too; a path may stand before its name
 * @throws InvalidInputError naming the file, and the row or line that is wrong
 */
export function parseTable(file: string, text: string, options: TextTableOptions = {}): Table {
  switch (parseFileName(file.split(/[\\/]/).at(-1)!)?.format) {
    case ".csv":
      return parseCsv(file, text, options);
    case ".tsv":
      return parseTsv(file, text, options);
    case ".jsonl":
      return tableOfRecords(file, parseJsonl(file, text, rowOrigin));
    case ".json":
      return tableOfRecords(file, parseJsonFile(file, text, rowOrigin));
    default:
      throw new InvalidInputError(`${file}: expected the name of a csv, tsv, jsonl or json file.`);
  }
}
