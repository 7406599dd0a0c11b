import { closeSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { writeFileDurably } from "@blora/files";

/** A question with what the model said, as one line of `answers.jsonl`. */
export interface AnswerRecord {
  readonly id: string;
  /** Total log-probability of each continuation, natural logarithm. */
  readonly logLikelihoods: readonly number[];
  readonly chosen: number;
  readonly answer: number;
  /** Shots shown, and tokens missing on the left of the context. */
  readonly shots: number;
  readonly cutTokens: number;
}

export const ANSWERS_FILE = "answers.jsonl";

/** Answers of an evaluation: those already there, and where more go. */
export interface AnswersFile {
  readonly known: ReadonlyMap<string, AnswerRecord>;
  /** On disk when it returns. */
  append(records: readonly AnswerRecord[]): void;
  close(): void;
}

/** Opens the answers of a run directory. A line cut off by a crash is dropped: its question is asked again. */
export async function openAnswersFile(path: string): Promise<AnswersFile> {
  const text = await readFile(path, "utf8").catch(() => "");
  const known = new Map(text.split("\n").flatMap((line) => parseLine(line).map((record) => [record.id, record])));
  await writeFileDurably(path, [...known.values()].map(lineOf).join(""));
  const file = openSync(path, "a");
  return {
    known,
    append: (records) => void writeSync(file, records.map(lineOf).join("")),
    close: () => closeSync(file),
  };
}

/** Answers that are kept in memory alone. */
export function createAnswersInMemory(): AnswersFile {
  return { known: new Map(), append: () => {}, close: () => {} };
}

function lineOf(record: AnswerRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function parseLine(line: string): AnswerRecord[] {
  try {
    return [JSON.parse(line) as AnswerRecord];
  } catch {
    return [];
  }
}
