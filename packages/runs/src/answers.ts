/** How the rows of a split, or their words, were answered: what tables are made from. */
export type AnswerCounts = ClassCounts | SeveralCounts | NumberPairs;

export interface ClassCounts {
  readonly kind: "class";
  readonly labels: readonly string[];
  /** Label, answer, and how often they met; pairs that never did are left out. */
  readonly counts: readonly (readonly [label: number, answer: number, count: number])[];
}

export interface SeveralCounts {
  readonly kind: "several";
  readonly labels: readonly string[];
  /** For each label the rows where it was answered and is there, was answered, and is there. */
  readonly counts: readonly (readonly [right: number, answered: number, support: number])[];
}

export interface NumberPairs {
  readonly kind: "number";
  /** Rows answered. */
  readonly rows: number;
  /** Of evenly spaced rows where there are many. */
  readonly pairs: readonly (readonly [label: number, answer: number])[];
}

/** What `answers.json` holds: how the weights in `adapter/` answered the deciding split. */
export interface AnswersRecord {
  readonly split: string;
  /** Updates made when it was evaluated. */
  readonly step: number;
  readonly answers: AnswerCounts;
}
