import { relative } from "node:path";
import { findSplit, isOfHub, readRecords, rowOrigin } from "@blora/data";
import type { Split } from "@blora/spec";
import { readRow } from "./read-row.ts";

/**
 * Rows of `<split>.jsonl`, `.json` or `.parquet`, of its shards, of the folder
 * called like it, or of a file named outright.
 *
 * @param ignored fields of rows that are passed over
 * @throws NotFoundError listing the files there are
 * @throws InvalidInputError naming file and row of a line that is no such row
 */
export async function readExamples(
  split: string,
  folder: string,
  ignored: readonly string[],
): Promise<Required<Omit<Split, "name">>> {
  // Where repositories of the Hub have their files, and what it converts them to.
  const fallbacks = ["data", "default"];
  const { files, notes } = await findSplit(split, { folder, fallbacks, formats: [".jsonl", ".json", ".parquet"] });
  const name = (file: string, row: number): string =>
    isOfHub(file) ? rowOrigin(file, row) : `${relative(folder, file)}:${row}`;
  const records = await Promise.all(files.map((file) => readRecords(file, name)));
  return { examples: records.flat().map((record) => readRow(record, ignored)), notes };
}
