import { setImmediate } from "node:timers/promises";
import { type LikelihoodRequest, NumericalError } from "@blora/spec";
import type { AnswerRecord, AnswersFile } from "./answers-file.ts";
import type { EncodedRequest } from "./encode-request.ts";
import { planShared, type SharedPlan } from "./plan.ts";
import type { Reading } from "./reading.ts";
import { groupsBy, sameBeginnings } from "./same-beginnings.ts";

/** Told after every pass. */
export interface LikelihoodProgress {
  readonly answered: number;
  readonly questions: number;
  readonly questionsPerSecond: number;
  readonly secondsLeft: number;
}

export interface AnswerOptions {
  readonly encode: (request: LikelihoodRequest) => EncodedRequest;
  readonly reading: Reading;
  readonly answers: AnswersFile;
  readonly tokenBudget: number;
  readonly shouldStop: () => boolean;
  readonly onProgress: (progress: LikelihoodProgress) => void;
}

/** What a pass over all questions did. */
export interface AnsweredQuestions {
  /** By request id, those of earlier runs included. */
  readonly records: ReadonlyMap<string, AnswerRecord>;
  readonly tokens: number;
  readonly seconds: number;
}

/** Answers every request that has no answer yet, those with the same beginning together. */
export async function answerAll(
  requests: readonly LikelihoodRequest[],
  options: AnswerOptions,
): Promise<AnsweredQuestions> {
  const { encode, reading, answers, tokenBudget, shouldStop, onProgress } = options;
  const records = new Map(answers.known);
  const started = performance.now();
  let tokens = 0;

  const progress = (): void => {
    const seconds = (performance.now() - started) / 1000;
    const questionsPerSecond = (records.size - answers.known.size) / seconds;
    const secondsLeft = (requests.length - records.size) / questionsPerSecond;
    onProgress({ answered: records.size, questions: requests.length, questionsPerSecond, secondsLeft });
  };

  const readPlan = async (plan: SharedPlan, encoded: readonly EncodedRequest[]): Promise<void> => {
    const collected = collector(encoded);
    const afterPack = async (): Promise<boolean> => {
      const done = collected.takeFinished();
      answers.append(done);
      for (const record of done) records.set(record.id, record);
      progress();
      await setImmediate(); // lets signals and timers in: a pass blocks the thread
      return !shouldStop();
    };
    try {
      tokens += await reading.read(plan, collected.onRow, afterPack);
    } catch (error) {
      if (!NumericalError.isInstance(error)) throw error;
      const { id } = encoded[plan.packs[0]![0]!.request]!.request;
      throw new NumericalError(`${id} and what is read with it: ${error.message}`, { cause: error });
    }
  };

  for (const group of sameBeginnings(requests)) {
    const pending = group.filter(({ id }) => !answers.known.has(id));
    for (const encoded of sameShots(pending.map(encode))) {
      for (const plan of planShared(encoded, tokenBudget)) {
        if (shouldStop()) break;
        await readPlan(plan, encoded);
      }
    }
    if (shouldStop()) break;
  }
  return { records, tokens, seconds: (performance.now() - started) / 1000 };
}

/** Where long questions are shown fewer shots, they begin differently from there on. */
function sameShots(encoded: readonly EncodedRequest[]): EncodedRequest[][] {
  return groupsBy(encoded, ({ shots }) => String(shots));
}

/** Gathers the continuations of requests, whose rows may be read in several passes. */
function collector(encoded: readonly EncodedRequest[]) {
  const found = new Map<number, Map<number, number>>();
  return {
    onRow({ request }: { readonly request: number }, continuation: number, logLikelihood: number): void {
      found.set(request, (found.get(request) ?? new Map()).set(continuation, logLikelihood));
    },
    /** Answers that became complete since the last call. */
    takeFinished(): AnswerRecord[] {
      const finished = [...found].filter(([index, values]) => {
        return values.size === encoded[index]!.request.continuations.length;
      });
      return finished.map(([index, values]) => {
        found.delete(index);
        const { request, shots, cutTokens } = encoded[index]!;
        const logLikelihoods = request.continuations.map((_, continuation) => values.get(continuation)!);
        const chosen = logLikelihoods.indexOf(Math.max(...logLikelihoods));
        return { id: request.id, logLikelihoods, chosen, answer: request.answer, shots, cutTokens };
      });
    },
  };
}
