import type { GroupScore, LikelihoodAnswer, LikelihoodScores } from "@blora/spec";
import type { MmluProtocol } from "./protocols.ts";
import { subjectOf } from "./requests.ts";
import { CATEGORIES, type Category, type Subject } from "./subjects.ts";

/** Right answers of one subject. */
interface Tally {
  readonly questions: number;
  readonly right: number;
}

/**
 * Accuracy over all questions (`accuracy`, the micro average both protocols
 * report), over subjects with equal weight (`macro_accuracy`), and their
 * standard errors; then by category and by subject.
 */
export function scoreAnswers(answers: readonly LikelihoodAnswer[], protocol: MmluProtocol): LikelihoodScores {
  const tallies = tallyBySubject(answers);
  const byCategory = new Map<Category, Tally[]>();
  for (const [subject, tally] of tallies) {
    const category = protocol.category(subject);
    byCategory.set(category, [...(byCategory.get(category) ?? []), tally]);
  }
  const all = [...tallies.values()];
  const micro = pool(all);
  const errors = all.map(standardError);
  return {
    scores: {
      accuracy: micro.accuracy,
      ...(micro.standardError !== null && { accuracy_standard_error: micro.standardError }),
      macro_accuracy: mean(all.map(({ right, questions }) => right / questions)),
      ...(errors.every((error) => error !== null) && {
        macro_accuracy_standard_error: Math.sqrt(sum(errors.map((error) => error ** 2))) / all.length,
      }),
    },
    groups: {
      category: Object.fromEntries(
        CATEGORIES.filter((category) => byCategory.has(category)).map((category) => [
          category,
          pool(byCategory.get(category)!),
        ]),
      ),
      subject: Object.fromEntries([...tallies].map(([subject, tally]) => [subject, pool([tally])])),
    },
  };
}

function tallyBySubject(answers: readonly LikelihoodAnswer[]): Map<Subject, Tally> {
  const tallies = new Map<Subject, Tally>();
  for (const { request, chosen } of answers) {
    const { questions, right } = tallies.get(subjectOf(request)) ?? { questions: 0, right: 0 };
    const isRight = chosen === request.answer;
    tallies.set(subjectOf(request), { questions: questions + 1, right: right + (isRight ? 1 : 0) });
  }
  return tallies;
}

/** Subjects weighted by their questions, with the pooled standard error of lm-evaluation-harness. */
function pool(tallies: readonly Tally[]): GroupScore {
  const questions = sum(tallies.map((tally) => tally.questions));
  const errors = tallies.map(standardError);
  const pooledVariance = sum(
    tallies.map((tally, index) => (tally.questions - 1) * (errors[index] ?? 0) ** 2 * tally.questions),
  );
  const known = errors.every((error) => error !== null);
  return {
    questions,
    accuracy: sum(tallies.map(({ right }) => right)) / questions,
    standardError: known ? Math.sqrt(pooledVariance / (questions - tallies.length) / questions) : null,
  };
}

/** Of a mean of zeros and ones, with Bessel's correction. */
function standardError({ questions, right }: Tally): number | null {
  const accuracy = right / questions;
  return questions < 2 ? null : Math.sqrt((accuracy * (1 - accuracy)) / (questions - 1));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
