import { answerOf, type ChoosingHead } from "@blora/spec";

/** What a classifier says of one text, or of one of its words. */
export interface Classification {
  /** The likeliest label. */
  readonly label: string;
  /** Its probability. */
  readonly score: number;
  /** Labels that hold: the likeliest, or where a text has any number of them those more likely than not. */
  readonly labels: readonly string[];
  /** Probability of every label, in the order of the head; each for itself where a text has any number of them. */
  readonly scores: Readonly<Record<string, number>>;
}

/** @param logits of the head's labels */
export function classificationOf(head: ChoosingHead, logits: ArrayLike<number>): Classification {
  const { chosen, probabilities } = answerOf(head, logits);
  const values = Array.from(logits);
  const best = values.indexOf(Math.max(...values));
  return {
    label: head.labels[best]!,
    score: probabilities[best]!,
    labels: chosen.map((label) => head.labels[label]!),
    scores: Object.fromEntries(head.labels.map((label, index) => [label, probabilities[index]!])),
  };
}
