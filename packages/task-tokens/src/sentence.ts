import type { Column } from "./options.ts";

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
