import { InvalidInputError } from "@blora/spec";
import { type DataFile, findSplitFiles, findTrainingFiles, missingSubjects, type SplitName } from "./find-files.ts";
import type { Question } from "./question.ts";
import { readQuestions } from "./read-questions.ts";
import { isSubject, type Subject } from "./subjects.ts";

/**
 * The questions of a split by subject, subjects and rows in order.
 *
 * @throws NotFoundError | InvalidInputError naming the missing subjects, or the file and row that is wrong
 */
export async function loadQuestions(
  folder: string,
  split: SplitName,
  subjects: readonly Subject[],
): Promise<ReadonlyMap<Subject, readonly Question[]>> {
  const questions = new Map<Subject, Question[]>(subjects.map((subject) => [subject, []]));
  for (const file of await findSplitFiles(folder, split, subjects)) {
    for (const question of await readQuestions(file.path)) {
      questions.get(subjectOf(question, file))?.push(question);
    }
  }
  const missing = subjects.filter((subject) => questions.get(subject)!.length === 0);
  if (missing.length > 0) throw missingSubjects(folder, split, subjects.length, missing);
  return questions;
}

/** The questions of the auxiliary training set. */
export async function loadTrainingQuestions(folder: string): Promise<Question[]> {
  const questions: Question[] = [];
  for (const file of await findTrainingFiles(folder)) {
    for (const question of await readQuestions(file)) questions.push(question);
  }
  return questions;
}

function subjectOf({ subject, origin }: Question, file: DataFile): Subject {
  const name = file.subject ?? subject;
  if (isSubject(name)) return name;
  throw new InvalidInputError(
    `${origin}: expected a subject of MMLU such as anatomy, found ${name === undefined ? "none" : JSON.stringify(name)}.`,
  );
}
