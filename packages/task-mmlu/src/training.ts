import {
  type EncodedExample,
  type Example,
  firstToken,
  InvalidInputError,
  NotFoundError,
  type RowLikelihood,
  type Scores,
  type Split,
  type Tokenizer,
} from "@blora/spec";
import { SPLITS, type SplitName } from "./find-files.ts";
import { loadQuestions, loadTrainingQuestions } from "./load.ts";
import type { MmluSettings } from "./options.ts";
import { CONTINUATIONS, questionText } from "./prompt.ts";
import { protocols } from "./protocols.ts";
import type { Question } from "./question.ts";

/** Split of 99,842 questions from other tests, which have no subject. */
export const TRAINING_SPLIT = "auxiliary_train";

/**
 * Questions to train on, or to follow a training by: each without shots, the
 * answer as what is to be learned. Questions with a subject are introduced as
 * the protocol introduces them.
 *
 * @throws NotFoundError | InvalidInputError naming the missing files, or the file and row that is wrong
 */
export async function loadExamples(split: string, folder: string, settings: MmluSettings): Promise<Split> {
  const protocol = protocols[settings.protocol];
  const example = (question: Question, description: string): Example => ({
    first: description + questionText(question, protocol),
    second: CONTINUATIONS[question.answer]!,
    origin: question.origin,
  });
  if (split === TRAINING_SPLIT) {
    const questions = await loadTrainingQuestions(folder);
    return { name: split, examples: questions.map((question) => example(question, "")) };
  }
  const questions = await loadQuestions(folder, requireSplit(split), settings.subjects);
  const examples = [...questions].flatMap(([subject, rows]) =>
    rows.map((question) => example(question, protocol.description(subject))),
  );
  return { name: split, examples };
}

/**
 * Context and answer tokenized together; the answer's tokens are those after the context's own. What does not fit is
 * cut on the left, as where questions are answered: the answer is at the end.
 */
export function encodeExample(
  { first, second = "" }: Example,
  tokenizer: Tokenizer,
  maxLength: number,
  addBos: boolean | undefined,
): EncodedExample {
  const begin = firstToken(tokenizer, addBos);
  const start = begin === undefined ? [] : [begin];
  const context = start.length + tokenizer.encode(first).length;
  const whole = [...start, ...tokenizer.encode(first + second)];
  const inputIds = whole.slice(-maxLength);
  // Nothing could predict the first token.
  const answer = Math.max(1, context - (whole.length - inputIds.length));
  return {
    inputIds,
    tokenTypeIds: inputIds.map(() => 0),
    targets: Array.from({ length: Math.max(0, inputIds.length - answer) }, (_, index) => answer + index),
    truncated: whole.length > maxLength,
    label: undefined,
  };
}

/** Mean log-probability of the right answers' tokens. */
export function scoreRows(rows: readonly RowLikelihood[]): Scores {
  const tokens = rows.reduce((total, row) => total + row.tokens, 0);
  if (tokens === 0) throw new InvalidInputError("Expected answers to score, found none: every question was cut short.");
  return { log_likelihood: rows.reduce((total, { logLikelihood }) => total + logLikelihood, 0) / tokens };
}

function requireSplit(split: string): SplitName {
  if ((SPLITS as readonly string[]).includes(split)) return split as SplitName;
  throw new NotFoundError(`mmlu has no split ${split}: it has ${[TRAINING_SPLIT, ...SPLITS].join(", ")}.`);
}
