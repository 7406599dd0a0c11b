import { InvalidInputError, type LikelihoodRequest } from "@blora/spec";
import type { SplitName } from "./find-files.ts";
import { loadQuestions } from "./load.ts";
import { CONTINUATIONS, questionText, shotText } from "./prompt.ts";
import type { MmluProtocol } from "./protocols.ts";
import type { Question } from "./question.ts";
import type { Subject } from "./subjects.ts";

export interface RequestOptions {
  readonly protocol: MmluProtocol;
  readonly shots: number;
  readonly subjects: readonly Subject[];
  readonly split: SplitName;
  /** Questions of each subject at most. */
  readonly limit: number | undefined;
}

/**
 * Every question of a data folder as a request; shots are the first rows of `dev`.
 *
 * @throws NotFoundError | InvalidInputError naming missing subjects, or the file and row that is wrong
 */
export async function loadRequests(folder: string, options: RequestOptions): Promise<LikelihoodRequest[]> {
  const { protocol, shots, subjects, split, limit } = options;
  const questions = await loadQuestions(folder, split, subjects);
  const examples = shots === 0 ? undefined : await loadQuestions(folder, "dev", subjects);
  return subjects.flatMap((subject) => {
    const description = protocol.description(subject);
    const shown = firstShots(subject, examples?.get(subject) ?? [], shots).map((row) => shotText(row, protocol));
    return questions
      .get(subject)!
      .slice(0, limit)
      .map((question, index) => ({
        id: `${subject}/${index + 1}`,
        description,
        shots: shown,
        prompt: questionText(question, protocol),
        continuations: CONTINUATIONS,
        answer: question.answer,
      }));
  });
}

/** The subject in a request's id. */
export function subjectOf({ id }: LikelihoodRequest): Subject {
  return id.slice(0, id.indexOf("/")) as Subject;
}

function firstShots(subject: Subject, rows: readonly Question[], count: number): readonly Question[] {
  if (rows.length >= count) return rows.slice(0, count);
  throw new InvalidInputError(`${subject}: expected ${count} dev questions to show as shots, found ${rows.length}.`);
}
