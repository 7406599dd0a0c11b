import { NumericalError } from "@blora/spec";
import type { Batch } from "./data/buckets.ts";
import type { TrainingRow } from "./data/packing.ts";
import type { Objective } from "./objective/objective.ts";
import type { StepRunner } from "./steps/step-runner.ts";

/** Loss and gradient of one update: the mean over all losses of its batches. */
export interface UpdateGradients {
  readonly loss: number;
  /** What the method added; undefined where it adds nothing. */
  readonly penalty: number | undefined;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Losses the mean is of: rows, or target tokens of a language model. */
  readonly losses: number;
  /** Tokens of text. */
  readonly tokens: number;
  /** Tokens computed, padding included. */
  readonly paddedTokens: number;
}

export interface UpdateBatches {
  readonly runner: StepRunner;
  readonly objective: Objective;
  readonly rows: readonly TrainingRow[];
  readonly batches: readonly Batch[];
  /** Of the first batch. Every batch of a run draws noise of its own, and step 0 belongs to initial values. */
  readonly firstNoiseStep: number;
}

/**
 * Adds up the gradients of an update's batches. Every loss weighs the
 * same, however rows fall into batches.
 *
 * @returns gradients that are valid until the next step is run
 */
export async function accumulateGradients({
  runner,
  objective: { lossesOf },
  rows,
  batches,
  firstNoiseStep,
}: UpdateBatches): Promise<UpdateGradients> {
  const lossesIn = (batch: Batch): number => sum(batch.rows.map((row) => lossesOf(rows[row]!)));
  const losses = sum(batches.map(lossesIn));
  const gradients = new Map<string, Float32Array>();
  let loss = 0;
  let penalty: number | undefined;
  let tokens = 0;
  let paddedTokens = 0;
  for (const [index, batch] of batches.entries()) {
    const result = await runner.train(rows, batch, 1 / losses, firstNoiseStep + index);
    loss += result.outputs.taskLoss![0]!;
    const added = result.outputs.penalty?.[0];
    if (added !== undefined) penalty = (penalty ?? 0) + (added * lossesIn(batch)) / losses;
    for (const [name, gradient] of Object.entries(result.gradients)) {
      // An engine may reuse this memory for its next batch, of which there may be none.
      if (batches.length === 1) gradients.set(name, gradient);
      else addInto(gradients, name, gradient);
    }
    tokens += sum(batch.rows.map((row) => rows[row]!.inputIds.length));
    paddedTokens += batch.size * batch.length;
  }
  return { loss, penalty, gradients, losses, tokens, paddedTokens };
}

/** Copies the first addend. */
function addInto(sums: Map<string, Float32Array>, name: string, addend: Float32Array): void {
  const sum = sums.get(name);
  if (sum === undefined) {
    sums.set(name, addend.slice());
    return;
  }
  for (let index = 0; index < sum.length; index++) sum[index] = sum[index]! + addend[index]!;
}

function sum(addends: readonly number[]): number {
  return addends.reduce((total, addend) => total + addend, 0);
}

const FIRST = "Nothing was trained yet: a weight is not finite, or too large to compute with.";
const LATER = "Nothing was updated. A smaller learningRate or maxGradNorm may help.";

/**
 * @param norms of all gradients, by group: where one is not finite, the entry is looked for
 * @throws NumericalError naming the first loss that is not finite, or else the first gradient; the first bad gradient
 *   in both cases, and the update that was stopped
 */
export function requireFiniteUpdate(
  step: number,
  losses: Readonly<Record<string, number>>,
  gradients: ReadonlyMap<string, Float32Array>,
  norms: Readonly<Record<string, number>>,
): void {
  if ([...Object.values(losses), ...Object.values(norms)].every(Number.isFinite)) return;
  const loss = Object.entries(losses).find(([, value]) => !Number.isFinite(value));
  const gradient = firstNotFinite(gradients);
  const faults = [...(loss ? [`the ${loss[0]} is ${loss[1]}`] : []), ...(gradient ? [gradient] : [])];
  if (faults.length > 0)
    throw new NumericalError(`Step ${step}: ${faults.join(", and ")}. ${step === 1 ? FIRST : LATER}`);
}

function firstNotFinite(gradients: ReadonlyMap<string, Float32Array>): string | undefined {
  for (const [name, gradient] of gradients) {
    const index = gradient.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) return `the gradient of ${name} is ${gradient[index]} at entry ${index}`;
  }
  return undefined;
}
