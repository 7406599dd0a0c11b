import type { AnswerCounts } from "@blora/runs";
import { answerOf, type ChoosingHead, type LabelHead } from "@blora/spec";

const MOST_PAIRS = 500;
const DIGITS = 6;

/**
 * Counts of the answers of a split.
 *
 * @param logits row-major [N, C]
 * @param labels as the task's `score` has them
 */
export function answerCounts(head: LabelHead, logits: Float32Array, labels: readonly number[]): AnswerCounts {
  if (head.kind === "regression") return numberPairs(logits, labels);
  const C = head.labels.length;
  const chosen = (row: number) => answerOf(head, logits.subarray(row * C, (row + 1) * C)).chosen;
  const N = logits.length / C;
  return isSeveral(head)
    ? { kind: "several", labels: head.labels, counts: severalCounts(chosen, labels, N, C) }
    : { kind: "class", labels: head.labels, counts: classCounts(chosen, labels, N) };
}

const isSeveral = (head: ChoosingHead): boolean => head.kind === "classification" && head.several === true;

type Chosen = (row: number) => readonly number[];

function classCounts(chosen: Chosen, labels: readonly number[], N: number): (readonly [number, number, number])[] {
  const counts = new Map<string, number>();
  for (let row = 0; row < N; row++) {
    const pair = `${labels[row]} ${chosen(row)[0]}`;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return [...counts]
    .map(([pair, count]) => [...pair.split(" ").map(Number), count] as [number, number, number])
    .sort(([a, answerA], [b, answerB]) => a - b || answerA - answerB);
}

function severalCounts(
  chosen: Chosen,
  labels: readonly number[],
  N: number,
  C: number,
): (readonly [number, number, number])[] {
  const counts = Array.from({ length: C }, (): [number, number, number] => [0, 0, 0]);
  for (let row = 0; row < N; row++) {
    for (const label of chosen(row)) {
      counts[label]![0] += labels[row * C + label]!;
      counts[label]![1]++;
    }
    for (let label = 0; label < C; label++) counts[label]![2] += labels[row * C + label]!;
  }
  return counts;
}

function numberPairs(logits: Float32Array, labels: readonly number[]): AnswerCounts {
  const step = Math.ceil(labels.length / MOST_PAIRS);
  const rows = [...labels.keys()].filter((row) => row % step === 0);
  const pairs = rows.map((row) => [labels[row]!, Number(logits[row]!.toPrecision(DIGITS))] as const);
  return { kind: "number", rows: labels.length, pairs };
}
