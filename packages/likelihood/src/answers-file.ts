import { openLogFile, readTextIfPresent, writeFileDurably } from "@blora/files";

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

/**
 * Opens the answers of a run directory. A line cut off by a crash is dropped: its question is asked again.
 *
 * @param more answers found elsewhere, kept here too
 */
export async function openAnswersFile(path: string, more: readonly AnswerRecord[] = []): Promise<AnswersFile> {
  const found = [...more, ...(await readAnswers(path))];
  const known = new Map(found.map((record) => [record.id, record]));
  await writeFileDurably(path, [...known.values()].map(lineOf).join(""));
  const file = openLogFile(path);
  return { known, append: (records) => file.append(records.map(lineOf).join("")), close: file.close };
}

/** The whole lines of a file, where there is one. */
export async function readAnswers(path: string): Promise<AnswerRecord[]> {
  return ((await readTextIfPresent(path)) ?? "").split("\n").flatMap(parseLine);
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
