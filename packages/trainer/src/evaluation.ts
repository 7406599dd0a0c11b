import { requireFinite } from "@blora/network";
import type { RowLikelihood, Scores, ScoresByType } from "@blora/spec";
import type { TrainingArguments } from "./arguments.ts";
import { planEvaluation, splitBatch } from "./data/buckets.ts";
import type { EncodedSplit } from "./data/encoded-split.ts";
import type { TrainingRow } from "./data/packing.ts";
import { paddedLengths } from "./data/padding.ts";
import type { Objective } from "./objective/objective.ts";
import { scoresOf } from "./objective/objective-of.ts";
import type { Model } from "./steps/definitions.ts";
import type { StepRunner } from "./steps/step-runner.ts";

export interface SplitResult {
  readonly rows: number;
  /** Row-major [answers, C], in the order of the split; empty for language models. */
  readonly logits: Float32Array;
  /** Of a language model's rows, in the order of the split. */
  readonly likelihoods?: readonly RowLikelihood[];
  /** Of each row: the words that logits answer, where they answer words. */
  readonly words?: readonly (readonly number[])[];
  /** Words that were cut off or have no token, and so no logits. */
  readonly unreadWords?: number;
  /** Mean loss of the rows, or of the target tokens of a language model; undefined where the split is not labelled. */
  readonly loss: number | undefined;
  /** Undefined where the split is not labelled. */
  readonly scores: Scores | undefined;
  /** What should be known of its rows: what was cut, left out or has no label. */
  readonly notes?: readonly string[];
  /** Scores of each type of answer, where the task tells types. */
  readonly types?: ScoresByType;
}

export interface EvaluationOptions {
  readonly runner: StepRunner;
  readonly model: Pick<Model, "task" | "objective">;
  readonly batchSize: number;
  readonly maxTokens?: number | undefined;
  readonly padToMultipleOf: number | undefined;
  /** Longest padded length. */
  readonly limit: number;
  /** Told after every batch how many rows are done. */
  onRows?(done: number): void;
  /** Asked between batches; true gives the evaluation up. */
  shouldStop?(): boolean;
}

/** How the arguments of a run say to evaluate. */
export function evaluationOptions(
  runner: StepRunner,
  model: EvaluationOptions["model"] & { readonly maxLength: number },
  args: TrainingArguments,
): EvaluationOptions {
  return {
    runner,
    model,
    batchSize: args.perDeviceEvalBatchSize,
    maxTokens: args.maxTokensPerPass,
    padToMultipleOf: args.padToMultipleOf,
    limit: model.maxLength,
  };
}

/**
 * Answers, loss and metrics of a split. A split with unlabelled rows, such as
 * a GLUE test split, gets logits only.
 *
 * @returns undefined where `shouldStop` ended it
 * @throws NumericalError where a logit or likelihood is not finite
 */
export async function evaluateSplit(split: EncodedSplit, options: EvaluationOptions): Promise<SplitResult | undefined> {
  const { runner, model, batchSize } = options;
  const { rows } = split;
  const lengths = paddedLengths(rows, options.padToMultipleOf, options.limit);
  const batches = planEvaluation(lengths, batchSize).flatMap((batch) => splitBatch(batch, options.maxTokens));
  const lossSums = new Float64Array(rows.length);
  const firstAnswers = startsOf(rows, model.objective);
  let logits = new Float32Array(0);
  let done = 0;
  for (const batch of batches) {
    await giveWay(); // lets a request to stop in: a batch blocks the thread
    if (options.shouldStop?.()) return undefined;
    const { outputs } = await runner.evaluate(rows, batch);
    addLosses(lossSums, outputs.losses!, batch.rows, rows, model.objective);
    done += batch.rows.length;
    options.onRows?.(done);
    if (outputs.logits === undefined) continue;
    const C = outputs.logits.length / outputs.losses!.length;
    if (logits.length === 0) logits = new Float32Array(firstAnswers.at(-1)! * C);
    let next = 0;
    for (const row of batch.rows) {
      const end = next + model.objective.lossesOf(rows[row]!);
      logits.set(outputs.logits.subarray(next * C, end * C), firstAnswers[row]! * C);
      next = end;
    }
  }
  requireFiniteRows(split, "logits", logits, firstAnswers);
  requireFiniteRows(split, "losses", lossSums);
  return {
    rows: rows.length,
    logits,
    ...(rows.some(({ words }) => words !== undefined) && { words: rows.map(({ words = [] }) => words) }),
    ...(split.unreadWords > 0 && { unreadWords: split.unreadWords }),
    ...scoresOf(model.task, rows, logits, lossSums),
  };
}

/** Lets waiting messages and timers in. */
export function giveWay(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  // A page's timers wait for milliseconds; a message of one's own does not.
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const arrived = (): void => {
      port1.close();
      resolve();
    };
    Object.assign(port1, { onmessage: arrived });
    port2.postMessage(undefined);
  });
}

/** Index of each row's first answer, and the number of all. */
function startsOf(rows: readonly TrainingRow[], { lossesOf }: Objective): readonly number[] {
  const starts = [0];
  for (const row of rows) starts.push(starts.at(-1)! + lossesOf(row));
  return starts;
}

function addLosses(
  sums: Float64Array,
  losses: Float32Array,
  members: readonly number[],
  rows: readonly TrainingRow[],
  { lossesOf }: Objective,
): void {
  let next = 0;
  for (const row of members) {
    const end = next + lossesOf(rows[row]!);
    while (next < end) sums[row]! += losses[next++]!;
  }
}

/** @param starts index of each row's first answer, and the number of all. Default: one answer a row. */
function requireFiniteRows(
  { name, rows }: EncodedSplit,
  what: string,
  values: Float32Array | Float64Array,
  starts: readonly number[] = [...rows.keys(), rows.length],
): void {
  requireFinite(values, (found, index) => {
    const answer = Math.floor(index / (values.length / starts.at(-1)!));
    const row = starts.findLastIndex((start) => start <= answer);
    return `Evaluation of ${name}: expected finite ${what}, found ${found} in row ${row + 1}.`;
  });
}
