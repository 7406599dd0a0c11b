import type { Tensor } from "@blora/tensor";
import type { Head } from "./architecture.ts";
import type { JsonObject } from "./json.ts";
import type { LikelihoodEvaluation } from "./likelihood.ts";
import type { Message } from "./message.ts";
import type { Scores, ScoresByType } from "./scores.ts";
import type { AssembledTokens, Tokenizer } from "./tokenizer.ts";

/** A text or pair of texts with its label: a class index, or a score for regression. */
export interface Example {
  readonly first: string;
  readonly second?: string;
  /** A conversation, where the row is one; `first` is then empty. */
  readonly messages?: readonly Message[];
  /** What the assistant may call in the conversation, as chat templates read it: JSON schemas of functions. */
  readonly tools?: readonly JsonObject[];
  /** The words of the text, where each has a label; `first` is then empty. */
  readonly words?: readonly string[];
  /** Undefined where the split is unlabelled, or `labels` say more. */
  readonly label?: number;
  /** Classes of a text that has any number of them, or the class of each word. */
  readonly labels?: readonly number[];
  /** File and row, for error messages. */
  readonly origin: string;
}

export interface EncodedExample extends AssembledTokens {
  readonly label: number | undefined;
  /** Where there is more than one: 0 or 1 for each class, or the class of each target. */
  readonly labels?: readonly number[];
  /**
   * Tokens that are answered, as ascending indices into `inputIds`: those a language model learns, each predicted from
   * the tokens before it, so that none is 0, or those that stand for a word.
   */
  readonly targets?: readonly number[];
  /** The word that each target stands for, as an index into the words of the example. */
  readonly words?: readonly number[];
  /** Answers of a conversation that are read but not learned, because its chat template rewrites them once it goes on. */
  readonly rewrittenAnswers?: number;
  /** Whether the text was cut within what is learned, so that its end is not. */
  readonly cutAnswer?: boolean;
}

/** Rows of one split, and what their file says of them. */
export interface Split {
  readonly name: string;
  readonly examples: readonly Example[];
  /** What a reader of results should know of the files, such as rows that were left out. */
  readonly notes?: readonly string[];
}

/** Heads that answer rows, or the words of a row. */
export type LabelHead = Extract<Head, { readonly kind: "classification" | "regression" | "token-classification" }>;

/** How a split is to be loaded. */
export interface LoadOptions {
  /** Whether rows are answered: what stands where a label would is not read, and may be anything. Default false. */
  readonly unlabelled?: boolean;
}

/** What every task has. */
interface TaskData {
  /** Short name, such as `mrpc`. */
  readonly name: string;
  /** The data set on the Hugging Face Hub, where there is one: named in model cards. */
  readonly dataset?: { readonly id: string; readonly config?: string };
  /** The metric that decides which checkpoint is best; higher is better. */
  readonly primaryMetric: string;
  /** Split used for training, and the splits evaluated, the deciding one first. */
  readonly splits: { readonly train: string; readonly evaluation: readonly string[] };
  /** Reads a split from a folder. Undefined folder: the task's built-in data, where it has any. */
  load(split: string, folder: string | undefined, options?: LoadOptions): Promise<Split>;
  encode(example: Example, tokenizer: Tokenizer, maxLength: number): EncodedExample;
}

/**
 * A task whose rows have labels: one each, any number of classes, or one for each word. N counts answers: rows, or the
 * words of all rows.
 */
export interface LabelTask extends TaskData {
  readonly head: LabelHead;
  /** Whether a row is a pair of texts. Default false. */
  readonly takesPairs?: boolean;
  /** Loss of each answer: logits [N, C] and labels [N] (class or score), or [N, C] (0 or 1 for each class), to [N]. */
  loss(logits: Tensor, labels: Tensor): Tensor;
  /**
   * Metrics of a split.
   *
   * @param logits row-major [N, C]
   * @param labels N classes or scores, or row-major [N, C] of 0 and 1
   * @param answers how many each row has: its words, or 1 where nothing is said
   */
  score(logits: Float32Array, labels: readonly number[], answers?: readonly number[]): Scores;
  /** Metrics of each type of answer by its name, such as of each type of entity; arguments as of `score`. */
  scoreByType?(logits: Float32Array, labels: readonly number[], answers?: readonly number[]): ScoresByType;
  /** Scores of always giving the most frequent answer (or mean score) of `labels`. */
  majority(labels: readonly number[], answers?: readonly number[]): Scores;
  /** Where the task is of a benchmark whose test labels only its server has. */
  readonly submission?: Submission;
}

/** What the server of a benchmark takes for its test splits. */
export interface Submission {
  /** Splits that are answered, each in a file of its own. */
  readonly splits: readonly string[];
  fileName(split: string): string;
  /** @param logits row-major [rows, C], in the order of the split */
  content(logits: Float32Array): string;
}

/** How likely a language model finds the targets of one row. */
export interface RowLikelihood {
  /** Σ ln p(target | tokens before it), in nats. */
  readonly logLikelihood: number;
  /** Targets summed; 0 where all were cut off. */
  readonly tokens: number;
  /** As `encode` gave it. */
  readonly label: number | undefined;
}

/** How the rows of a task begin. */
export interface ChatFormat {
  /**
   * Whether the tokenizer's first token comes before every text. Where absent: before those that it begins so itself,
   * and before no conversation that the checkpoint's own template writes.
   */
  readonly addBos?: boolean;
  /** A conversation up to where the assistant answers; the messages themselves where the checkpoint's template writes it. */
  prompt(messages: readonly Message[], tokenizer: Tokenizer): string | readonly Message[];
}

/**
 * A task of text to be continued. `encode` marks the targets; the loss is the
 * mean cross entropy of all targets of an update.
 */
export interface LanguageModelTask extends TaskData {
  readonly head: Extract<Head, { readonly kind: "language-model" }>;
  /** Metrics of a split from its rows, in their order: of likelihoods, or of the choices they make between rows. */
  score(rows: readonly RowLikelihood[]): Scores;
  /** How a model trained on the task is asked, where its rows are conversations. */
  readonly chat?: ChatFormat;
  /** Where the task is a benchmark scored by the likelihood of given answers. */
  readonly likelihood?: LikelihoodEvaluation;
}

/** Data, loss and metrics of one benchmark task. */
export type Task = LabelTask | LanguageModelTask;

/** Tells the two kinds of tasks apart. */
export function isLanguageModelTask(task: Task): task is LanguageModelTask {
  return task.head.kind === "language-model";
}
