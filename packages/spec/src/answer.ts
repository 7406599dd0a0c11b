import type { Head } from "./architecture.ts";

/** Heads that choose among labels. */
export type ChoosingHead = Extract<Head, { readonly kind: "classification" | "token-classification" }>;

/** What a head says of one text, or of one of its words. */
export interface Answer {
  /** Indices of the labels that hold, ascending: the likeliest, or where a text has several all above one half. */
  readonly chosen: readonly number[];
  /** Of every label, in the order of the head: a softmax, or where a text has several the logistic function of each. */
  readonly probabilities: readonly number[];
}

/** @param logits one for each label; the first of equal ones is chosen */
export function answerOf(head: ChoosingHead, logits: ArrayLike<number>): Answer {
  const values = Array.from(logits);
  if (head.kind === "classification" && head.several === true) {
    const chosen = [...values.keys()].filter((label) => values[label]! > 0);
    return { chosen, probabilities: values.map((logit) => 1 / (1 + Math.exp(-logit))) };
  }
  const largest = Math.max(...values);
  const exponentials = values.map((logit) => Math.exp(logit - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return { chosen: [values.indexOf(largest)], probabilities: exponentials.map((value) => value / total) };
}
