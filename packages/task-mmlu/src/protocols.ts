import { type Category, SUBJECTS, type Subject } from "./subjects.ts";

/** One published way of asking MMLU's questions: everything in which they differ. */
export interface MmluProtocol {
  /** Of the wording, raised when a prompt changes by a character. */
  readonly version: string;
  /** The first line, before the shots. */
  description(subject: Subject): string;
  /** Whether white space around a question is cut off. */
  readonly stripsQuestions: boolean;
  /** What gives way where a prompt is longer than the model reads: whole shots from the last, or tokens from the left. */
  readonly overlong: "drop-shots" | "cut-left";
  /** Longest prompt in tokens, where the model reads more. */
  readonly maxTokens?: number;
  category(subject: Subject): Category;
}

const FIRST_LINE = "The following are multiple choice questions (with answers) about";

export type ProtocolName = "lm-evaluation-harness" | "hendrycks";

export const protocols: Readonly<Record<ProtocolName, MmluProtocol>> = {
  /** `mmlu` of EleutherAI's lm-evaluation-harness: task version 1, default configuration. */
  "lm-evaluation-harness": {
    version: "1.0",
    description: (subject) => `${FIRST_LINE} ${words(subject)}.\n\n`,
    stripsQuestions: true,
    overlong: "cut-left",
    category: (subject) => SUBJECTS[subject],
  },
  /** `evaluate.py` of hendrycks/test. Its two spaces after "about" are part of the protocol. */
  hendrycks: {
    version: "1.0",
    description: (subject) => `${FIRST_LINE}  ${words(subject)}.\n\n`,
    stripsQuestions: false,
    overlong: "drop-shots",
    maxTokens: 2048,
    category: (subject) => (subject === "anatomy" ? "other" : SUBJECTS[subject]),
  },
};

export const protocolNames: readonly ProtocolName[] = Object.keys(protocols) as ProtocolName[];

function words(subject: Subject): string {
  return subject.replaceAll("_", " ");
}
