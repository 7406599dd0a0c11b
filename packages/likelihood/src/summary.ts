import type { AdapterForm } from "@blora/network";
import type { EngineDescription, LikelihoodEvaluation, LikelihoodRequest, LikelihoodScores } from "@blora/spec";
import type { AnsweredQuestions } from "./answer-all.ts";
import type { AnswerRecord } from "./answers-file.ts";
import { promptsHash } from "./prompts-hash.ts";

/** Result of an evaluation by likelihood: what `likelihood.json` holds, and the answers. */
export interface LikelihoodSummary {
  readonly task: string;
  readonly model: string;
  /** Folder of the adapter; null for the plain network. */
  readonly adapter: string | null;
  /** Which form of the adapter was computed; null without one. */
  readonly form: AdapterForm | null;
  readonly protocol: LikelihoodEvaluation["protocol"];
  /** Of every question in order, see `promptsHash`: scores with the same one can be compared. */
  readonly promptsSha256: string;
  readonly questions: number;
  /** Undefined until every question is answered. */
  readonly results: LikelihoodScores | undefined;
  /** Questions whose context was too long for the model or the protocol, and what was done. */
  readonly overlong: {
    readonly policy: LikelihoodEvaluation["overlong"];
    /** Longest text in tokens. */
    readonly maxTokens: number;
    /** Questions with fewer shots than asked for, and with tokens cut off on the left. */
    readonly fewerShots: number;
    readonly cut: number;
  };
  readonly interrupted: boolean;
  /** Of this run alone, where an earlier one was continued. */
  readonly thisRun: {
    readonly questions: number;
    readonly seconds: number;
    /** Tokens computed, padding included. */
    readonly tokens: number;
  };
  readonly engine: EngineDescription;
  readonly peakRssBytes: number;
  /** In the order of the questions. */
  readonly answers: readonly AnswerRecord[];
}

export interface SummaryFacts {
  readonly task: string;
  readonly model: string;
  readonly adapter: string | null;
  readonly form: AdapterForm | null;
  readonly likelihood: LikelihoodEvaluation;
  readonly requests: readonly LikelihoodRequest[];
  readonly answered: AnsweredQuestions;
  /** Answers there before. */
  readonly earlier: number;
  readonly maxTokens: number;
  readonly engine: EngineDescription;
}

export function summarizeLikelihood(facts: SummaryFacts): LikelihoodSummary {
  const { likelihood, requests, answered, earlier, maxTokens } = facts;
  const { records, seconds, tokens } = answered;
  const answers = requests.flatMap(({ id }) => records.get(id) ?? []);
  const interrupted = answers.length < requests.length;
  return {
    task: facts.task,
    model: facts.model,
    adapter: facts.adapter,
    form: facts.form,
    protocol: likelihood.protocol,
    promptsSha256: promptsHash(requests),
    questions: requests.length,
    results: interrupted
      ? undefined
      : likelihood.score(requests.map((request) => ({ request, ...records.get(request.id)! }))),
    overlong: {
      policy: likelihood.overlong,
      maxTokens,
      fewerShots: requests.filter(({ id, shots }) => (records.get(id)?.shots ?? shots.length) < shots.length).length,
      cut: answers.filter(({ cutTokens }) => cutTokens > 0).length,
    },
    interrupted,
    thisRun: { questions: answers.length - earlier, seconds, tokens },
    engine: facts.engine,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    answers,
  };
}
