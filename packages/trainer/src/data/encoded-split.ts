import { sha256 } from "@blora/files";
import {
  type EncodedExample,
  type Example,
  type Head,
  InvalidInputError,
  isLanguageModelTask,
  type Split,
  type Task,
  type Tokenizer,
} from "@blora/spec";
import { isLabelled } from "../objective/label-objective.ts";

/** A split as token ids. */
export interface EncodedSplit {
  readonly name: string;
  readonly rows: readonly EncodedExample[];
  /** Share of texts that were cut to `maxLength`, 0 to 1. */
  readonly truncatedShare: number;
  /** Rows with a blank text. */
  readonly blankRows: number;
  /** Words that no token stands for, because the text was cut before them or they have none. */
  readonly unreadWords: number;
  /** File and row of the first row without a label, where there is one. */
  readonly firstUnlabelled?: string | undefined;
  /** What the task says of its files, such as rows that were left out. */
  readonly notes: readonly string[];
}

export interface EncodeOptions {
  readonly task: Task;
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  /** Folder of the data; undefined for a task's built-in data. */
  readonly folder: string | undefined;
  /** Rows used at most, from the start of the split. */
  readonly limit: number | undefined;
  /** Rows of the token embedding, where the checkpoint tells. */
  readonly vocabularySize: number | undefined;
}

/**
 * Loads a split and turns it into ids.
 *
 * @throws InvalidInputError for a split without rows, a label the head cannot
 *   have, or a token id outside the model's vocabulary, naming the row
 */
export async function encodeSplit(name: string, options: EncodeOptions): Promise<EncodedSplit> {
  return encodeExamples({ ...(await options.task.load(name, options.folder)), name }, options);
}

/** `encodeSplit` of what is loaded. */
export function encodeExamples({ name, examples, notes = [] }: Split, options: EncodeOptions): EncodedSplit {
  const { task, tokenizer, maxLength, limit } = options;
  if (examples.length === 0) {
    throw new InvalidInputError(
      [`Expected the split ${name} of ${task.name} to have rows, found none${where(options.folder)}.`, ...notes].join(
        " ",
      ),
    );
  }
  const used = examples.slice(0, limit);
  const rows = used.map((example) => {
    requireLabels(example, task.head);
    const encoded = task.encode(example, tokenizer, maxLength);
    requireIds(example, encoded, options.vocabularySize);
    return encoded;
  });
  return {
    name,
    rows,
    truncatedShare: rows.filter((row) => row.truncated).length / rows.length,
    firstUnlabelled: used.find(({ label, labels }) => label === undefined && labels === undefined)?.origin,
    blankRows: used.filter(hasBlankText).length,
    unreadWords: used.reduce((sum, { words = [] }, row) => sum + words.length - (rows[row]!.words ?? words).length, 0),
    notes,
  };
}

/**
 * Checks that a split can be trained on or scored.
 *
 * @throws InvalidInputError where a row has no label, such as in a test split, or a language model has no target at all
 */
export function requireAnswers({ name, rows, firstUnlabelled }: EncodedSplit, task: Task): void {
  if (isLanguageModelTask(task)) {
    if (rows.some(({ targets = [] }) => targets.length > 0)) return;
    throw new InvalidInputError(
      `Expected the split ${name} to have tokens to learn, found none in ${rows.length} rows: their prompts alone fill maxSeqLength.`,
    );
  }
  const unlabelled = rows.findIndex((row) => !isLabelled(row));
  if (unlabelled < 0) {
    if (rows.some((row) => row.targets === undefined || row.targets.length > 0)) return;
    throw new InvalidInputError(
      `Expected the split ${name} to have words to learn, found none in ${rows.length} rows.`,
    );
  }
  throw new InvalidInputError(
    `Expected the split ${name} to be labelled, found row ${unlabelled + 1} without a label. It is ${firstUnlabelled}: give it one, or leave it out.`,
  );
}

/** SHA-256 of everything training reads of a split: tells two data sets apart on resume. */
export function fingerprint(split: EncodedSplit): string {
  return sha256(linesOf(split));
}

function* linesOf({ rows }: EncodedSplit): Generator<string> {
  for (const { inputIds, tokenTypeIds, label, labels, targets } of rows) {
    const learned = targets === undefined ? "" : `|${targets.join(" ")}`;
    const several = labels === undefined ? "" : `|${labels.join(" ")}`;
    yield `${inputIds.join(" ")}|${tokenTypeIds.join(" ")}|${label}${learned}${several}\n`;
  }
}

/** A conversation has no texts but its turns, and a list of words none but those; a task refuses what is blank. */
function hasBlankText({ first, second, messages, words }: Example): boolean {
  if (messages !== undefined || words !== undefined) return false;
  return [first, second].some((text) => text?.trim() === "");
}

function where(folder: string | undefined): string {
  return folder === undefined ? "" : ` in ${folder}`;
}

function requireLabels(example: Example, head: Head): void {
  const { labels: names } = { labels: undefined, ...head };
  for (const label of example.labels ?? (example.label === undefined ? [] : [example.label])) {
    if (names !== undefined && !(Number.isInteger(label) && label >= 0 && label < names.length)) {
      throw new InvalidInputError(
        `${example.origin}: expected a label from 0 to ${names.length - 1} (${names.join(", ")}), found ${label}.`,
      );
    }
    if (!Number.isFinite(label)) {
      throw new InvalidInputError(`${example.origin}: expected a finite score, found ${label}.`);
    }
  }
}

function requireIds({ origin }: Example, { inputIds }: EncodedExample, vocabularySize: number | undefined): void {
  if (inputIds.length === 0) throw new InvalidInputError(`${origin}: expected at least one token, found none.`);
  const foreign = inputIds.find((id) => id < 0 || id >= (vocabularySize ?? Infinity));
  if (foreign === undefined) return;
  throw new InvalidInputError(
    `${origin}: expected token ids below ${vocabularySize}, the model's vocab_size, found ${foreign}. The tokenizer belongs to another model.`,
  );
}
