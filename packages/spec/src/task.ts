import type { Tensor } from "@blora/tensor";
import type { Head } from "./architecture.ts";
import type { LikelihoodEvaluation } from "./likelihood.ts";
import type { AssembledTokens, Tokenizer } from "./tokenizer.ts";

/** A text or pair of texts with its label: a class index, or a score for regression. */
export interface Example {
  readonly first: string;
  readonly second?: string;
  /** Undefined where the split is unlabelled. */
  readonly label?: number;
  /** File and row, for error messages. */
  readonly origin: string;
}

export interface EncodedExample extends AssembledTokens {
  readonly label: number | undefined;
}

/** Rows of one split, and what their file says of them. */
export interface Split {
  readonly name: string;
  readonly examples: readonly Example[];
  /** What a reader of results should know of the files, such as rows that were left out. */
  readonly notes?: readonly string[];
}

/** A metric value by name, in the order a report shows them. */
export type Scores = Readonly<Record<string, number>>;

/** Data, loss and metrics of one benchmark task. */
export interface Task {
  /** Short name, such as `mrpc`. */
  readonly name: string;
  readonly head: Head;
  /** The metric that decides which checkpoint is best; higher is better. */
  readonly primaryMetric: string;
  /** Split used for training, and the splits evaluated, the deciding one first. */
  readonly splits: { readonly train: string; readonly evaluation: readonly string[] };
  /** Reads a split from a folder. Undefined folder: the task's built-in data, where it has any. */
  load(split: string, folder: string | undefined): Promise<Split>;
  encode(example: Example, tokenizer: Tokenizer, maxLength: number): EncodedExample;
  /** Loss of each row: logits [B, C] and labels [B] (class index or score) to [B]. */
  loss(logits: Tensor, labels: Tensor): Tensor;
  /** Metrics of a split: logits row-major [rows, C] and labels. */
  score(logits: Float32Array, labels: readonly number[]): Scores;
  /** Scores of always giving the most frequent label (or mean score) of `labels`. */
  majority(labels: readonly number[]): Scores;
  /** Where the task is scored by the likelihood of texts, which takes a language model. */
  readonly likelihood?: LikelihoodEvaluation;
}
