import { NumericalError, type Scores, type Task } from "@blora/spec";
import { paddedLength, planEvaluation } from "./data/buckets.ts";
import type { EncodedSplit } from "./data/encoded-split.ts";
import type { StepRunner } from "./steps/step-runner.ts";

export interface SplitResult {
  readonly rows: number;
  /** Row-major [rows, C], in the order of the split. */
  readonly logits: Float32Array;
  /** Mean loss of the rows; undefined where the split is not labelled. */
  readonly loss: number | undefined;
  /** Undefined where the split is not labelled. */
  readonly scores: Scores | undefined;
}

export interface EvaluationOptions {
  readonly runner: StepRunner;
  readonly task: Task;
  readonly batchSize: number;
  readonly padToMultipleOf: number;
  /** Longest padded length. */
  readonly limit: number;
}

/** Lengths that rows of a split are padded to. */
export function paddedLengths(split: EncodedSplit, multiple: number, limit: number): number[] {
  return split.rows.map(({ inputIds }) => paddedLength(inputIds.length, multiple, limit));
}

/**
 * Logits, loss and metrics of a split. A split with unlabelled rows, such as a
 * GLUE test split, gets logits only.
 *
 * @throws NumericalError where a logit is not finite
 */
export async function evaluateSplit(split: EncodedSplit, options: EvaluationOptions): Promise<SplitResult> {
  const { runner, task, batchSize } = options;
  const batches = planEvaluation(paddedLengths(split, options.padToMultipleOf, options.limit), batchSize);
  const rows = split.rows.length;
  let logits = new Float32Array(0);
  let totalLoss = 0;
  for (const batch of batches) {
    const { outputs } = await runner.evaluate(split, batch, batchSize);
    const C = outputs.logits!.length / batchSize;
    if (logits.length === 0) logits = new Float32Array(rows * C);
    batch.rows.forEach((row, b) => {
      logits.set(outputs.logits!.subarray(b * C, (b + 1) * C), row * C);
      totalLoss += outputs.losses![b]!;
    });
  }
  requireFiniteLogits(split, logits);
  const labels = split.rows.flatMap(({ label }) => (label === undefined ? [] : [label]));
  if (labels.length < rows) return { rows, logits, loss: undefined, scores: undefined };
  return { rows, logits, loss: totalLoss / rows, scores: task.score(logits, labels) };
}

function requireFiniteLogits({ name, rows }: EncodedSplit, logits: Float32Array): void {
  const index = logits.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  const row = Math.floor(index / (logits.length / rows.length));
  throw new NumericalError(`Evaluation of ${name}: expected finite logits, found ${logits[index]} in row ${row + 1}.`);
}
