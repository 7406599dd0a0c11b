import { basename } from "node:path";
import { type DataFormat, parseFileName } from "@blora/data";
import { InvalidInputError } from "@blora/spec";
import { readConll } from "./conll.ts";
import { readLists } from "./lists.ts";
import type { Column } from "./options.ts";

/** Formats in the order they are looked for. */
export const FORMATS: readonly DataFormat[] = [
  ...([".jsonl", ".json", ".parquet"] as const),
  ...([".conll", ".iob2", ".iob", ".bio", ".txt"] as const),
];

/** Words of one text with their tags. */
export interface Sentence {
  readonly words: readonly string[];
  /** As many as words; undefined where the file has none. */
  readonly tags?: readonly string[];
  /** File and row or line, for error messages. */
  readonly origin: string;
}

/** One data file. */
export interface SentenceFile {
  readonly file: string;
  readonly sentences: readonly Sentence[];
  readonly words: Column;
  /** Undefined where the file has no tags. */
  readonly tags?: Column;
  /** Names in the order of their numbers, where the file numbers its tags and names the numbers. */
  readonly names?: readonly string[];
  /** What was left out. */
  readonly notes: readonly string[];
}

/** Columns that are named already. */
export interface GivenColumns {
  readonly words?: Column | undefined;
  readonly tags?: Column | undefined;
  /** Names of numbered tags. */
  readonly labels?: readonly string[] | undefined;
  /** Whether words are answered: tags are not read, and may be anything. */
  readonly unread?: boolean | undefined;
}

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
