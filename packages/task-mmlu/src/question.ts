import { shownCell } from "@blora/data";
import { InvalidInputError } from "@blora/spec";

/** The letters in front of the choices, and the answers. */
export const LETTERS = ["A", "B", "C", "D"] as const;

/** One row of a data file. */
export interface Question {
  /** Absent in training files, which have no subjects. */
  readonly subject?: string;
  readonly question: string;
  /** Texts of the choices A to D. */
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly answer: number;
  /** File and row, for error messages. */
  readonly origin: string;
}

/** A row before it is checked. */
export interface QuestionRow {
  readonly subject?: unknown;
  readonly question: unknown;
  readonly choices: unknown;
  readonly answer: unknown;
}

/**
 * A row as a question.
 *
 * @throws InvalidInputError naming file and row where a text, a choice or the answer is not what MMLU has
 */
export function toQuestion({ subject, question, choices, answer }: QuestionRow, origin: string): Question {
  if (typeof question !== "string") {
    throw new InvalidInputError(`${origin}: expected a question as text, found ${shownCell(question)}.`);
  }
  if (!Array.isArray(choices) || choices.length !== LETTERS.length || !choices.every(isText)) {
    throw new InvalidInputError(`${origin}: expected four choices as texts, found ${shownCell(choices)}.`);
  }
  return {
    ...(typeof subject === "string" && subject !== "" ? { subject } : {}),
    question,
    choices,
    answer: answerIndex(answer, origin),
    origin,
  };
}

/** A letter from A to D, or the Hub's 0 to 3. */
function answerIndex(answer: unknown, origin: string): number {
  const letter = (LETTERS as readonly unknown[]).indexOf(answer);
  if (letter >= 0) return letter;
  const index = typeof answer === "bigint" ? Number(answer) : answer;
  if (typeof index === "number" && index in LETTERS) return index;
  throw new InvalidInputError(`${origin}: expected an answer from A to D (or 0 to 3), found ${shownCell(answer)}.`);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
