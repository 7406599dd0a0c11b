import type { Scores } from "./scores.ts";

/** A question put to a language model: which continuation does it find likeliest after the context? */
export interface LikelihoodRequest {
  /** Unique in its evaluation and the same on every run, such as `anatomy/3`: answers are kept under it. */
  readonly id: string;
  /** The context in pieces, read one after the other. Requests that begin with the same pieces share their computation. */
  readonly description: string;
  readonly shots: readonly string[];
  /** Not empty. */
  readonly prompt: string;
  /** At least two, each not empty. */
  readonly continuations: readonly string[];
  /** Index of the right continuation. */
  readonly answer: number;
}

/** A request with what the model said. */
export interface LikelihoodAnswer {
  readonly request: LikelihoodRequest;
  /** Total log-probability of each continuation after the context, natural logarithm. */
  readonly logLikelihoods: readonly number[];
  /** Index of the largest; the first of equals. */
  readonly chosen: number;
}

/** Score of some of the requests. */
export interface GroupScore {
  readonly questions: number;
  /** Share of right answers, 0 to 1. */
  readonly accuracy: number;
  /** Of the accuracy; null where there are too few questions to tell. */
  readonly standardError: number | null;
}

export interface LikelihoodScores {
  /** The deciding metric first. */
  readonly scores: Scores;
  /** Tables for a report, coarse before fine: by kind of group (`category`, `subject`), then by its name. */
  readonly groups: Readonly<Record<string, Readonly<Record<string, GroupScore>>>>;
}

/** How a multiple-choice benchmark asks a language model that was not trained on it. */
export interface LikelihoodEvaluation {
  /** What a score must name to be compared with another: which wording, how many shots. */
  readonly protocol: { readonly name: string; readonly version: string; readonly shots: number };
  /** What gives way where a context is too long: whole shots, the last first; or tokens from the left. */
  readonly overlong: "drop-shots" | "cut-left";
  /** Longest context with its continuation in tokens, where the model would read more. */
  readonly maxTokens?: number;
  /** Begin every text with the tokenizer's first token. Default: where the tokenizer itself begins texts with it. */
  readonly addBos?: boolean;
  /** Every question, in the order of the report. */
  requests(folder: string | undefined): Promise<readonly LikelihoodRequest[]>;
  score(answers: readonly LikelihoodAnswer[]): LikelihoodScores;
}
