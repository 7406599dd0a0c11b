import { tfjs } from "@blora/engine-tfjs";
import type {
  Component,
  LanguageModelTask,
  LikelihoodEvaluation,
  LikelihoodRequest,
  Method,
  Tokenizer,
} from "@blora/spec";
import { causalArchitecture, writeCausalCheckpoint } from "../../trainer/test/tiny-causal.ts";
import { tokenizer as letters, plainLora } from "../../trainer/test/tiny-problem.ts";
import type { LikelihoodRun } from "../src/index.ts";

const LETTERS = " abcdefghij";
const JOINED = "ab";
const JOINED_ID = 14;

/** One id a letter, except that "ab" is one token: texts join differently than their parts. */
export const joiningTokenizer: Tokenizer = {
  ...letters,
  special: { ...letters.special, bos: 1 },
  // Texts begin with no token of its own.
  assemble: (ids) => ({ inputIds: ids, tokenTypeIds: ids.map(() => 0), truncated: false }),
  encode: (text) =>
    (text.match(/ab|[ a-j]/g) ?? []).map((piece) => (piece === JOINED ? JOINED_ID : 3 + LETTERS.indexOf(piece))),
};

/** Questions in two groups; the answers are two tokens in one and one token in the other, and one prompt joins the text before. */
export const requests: readonly LikelihoodRequest[] = [
  ...["cd", "bed", "he", "j", "ijij"].map((prompt, index) => ({
    id: `first/${index}`,
    description: "fa",
    shots: ["gg", "ha"],
    prompt,
    continuations: [" c", " d", " e"],
    answer: index % 3,
  })),
  ...["gh", "gij", "a"].map((prompt, index) => ({
    id: `second/${index}`,
    description: "jihg",
    shots: ["d"],
    prompt,
    continuations: ["e", "cd", "c"],
    answer: 0,
  })),
];

/** A task that asks these requests and nothing else. */
export function choiceTask(
  asked: readonly LikelihoodRequest[],
  more: Partial<LikelihoodEvaluation> = {},
): LanguageModelTask & { readonly likelihood: LikelihoodEvaluation } {
  const unused = (): never => {
    throw new Error("not a task to train on");
  };
  return {
    name: "choice",
    head: { kind: "language-model" },
    primaryMetric: "accuracy",
    splits: { train: "train", evaluation: ["test"] },
    load: unused,
    encode: unused,
    score: unused,
    likelihood: {
      protocol: { name: "plain", version: "1", shots: 2 },
      overlong: "cut-left",
      requests: async () => asked,
      score: (answers) => ({
        scores: {
          accuracy: answers.filter(({ request, chosen }) => chosen === request.answer).length / answers.length,
        },
        groups: {},
      }),
      ...more,
    },
  };
}

export const engine: Component<"engine"> = tfjs({ backend: "cpu" });
export const method: Method = plainLora();

/** An evaluation of the tiny network, whose checkpoint lies in the folder. */
export function runIn(
  folder: string,
  asked: readonly LikelihoodRequest[],
  more: Partial<LikelihoodEvaluation> = {},
): LikelihoodRun {
  return {
    architecture: causalArchitecture,
    checkpoint: writeCausalCheckpoint(folder),
    method,
    engine,
    tokenizer: joiningTokenizer,
    model: "tiny",
    task: choiceTask(asked, more),
  };
}
