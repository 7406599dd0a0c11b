import { basename } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { adviceOnName, parseFileName } from "./file-name.ts";
import { parseJsonFile } from "./json-array.ts";
import { type NameRow, parseJsonl } from "./jsonl.ts";
import { readParquet } from "./parquet.ts";
import type { DataRecord } from "./parse-record.ts";
import { readText } from "./read-text.ts";
import { rowOrigin } from "./table.ts";

/**
 * Reads one jsonl, json or parquet file as objects, which may differ in their
 * keys. Integers of parquet are numbers here, as they are in JSON, and the
 * objects in its cells have no fields that are null.
 *
 * @throws InvalidInputError naming the file, and the row that is wrong
 */
export async function readRecords(file: string, nameRow: NameRow = rowOrigin): Promise<DataRecord[]> {
  switch (parseFileName(basename(file))?.format) {
    case ".jsonl":
      return parseJsonl(file, await readText(file), nameRow);
    case ".json":
      return parseJsonFile(file, await readText(file), nameRow);
    case ".parquet": {
      const { columns, rows } = await readParquet(file);
      return rows.map(({ cells }, index) => ({
        origin: nameRow(file, index + 1),
        fields: Object.fromEntries(columns.map((column, at) => [column, asInJson(cells[at])])),
      }));
    }
    default:
      throw new InvalidInputError(`${file}: expected the name of a jsonl, json or parquet file.${adviceOnName(file)}`);
  }
}

/** Objects of a column all have the fields of any: those that one lacks are null, and are left out again. */
function asInJson(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(asInJson);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const given = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(given.map(([key, item]) => [key, asInJson(item)]));
}
