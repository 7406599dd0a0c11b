import { basename } from "node:path";
import { type DataFormat, parseFileName } from "@blora/data";
import { InvalidInputError } from "@blora/spec";
import { readConll } from "./conll.ts";
import { readLists } from "./lists.ts";
import type { GivenColumns, SentenceFile } from "./sentence.ts";

/** Formats in the order they are looked for. */
export const FORMATS: readonly DataFormat[] = [
  ...([".jsonl", ".json", ".parquet"] as const),
  ...([".conll", ".iob2", ".iob", ".bio", ".txt"] as const),
];

/**
 * Whether a file has rows with lists rather than a word on each line.
 *
 * @throws InvalidInputError for a table of texts
 */
export function hasRows(file: string): boolean {
  const format = parseFileName(basename(file))?.format;
  if (format === ".csv" || format === ".tsv") {
    throw new InvalidInputError(
      `${file}: expected words with tags in a file of ${FORMATS.join(", ")}, found ${format}. Let the name of a CoNLL file end in .conll.`,
    );
  }
  return format === ".jsonl" || format === ".json" || format === ".parquet";
}

/**
 * Reads one file of words, with tags where it has them.
 *
 * @throws InvalidInputError naming the file, and the row or line that is wrong
 */
export function readSentences(file: string, given: GivenColumns): Promise<SentenceFile> {
  return hasRows(file) ? readLists(file, given) : readConll(file, given);
}
