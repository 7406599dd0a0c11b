import { BYTES_PER_VALUE } from "@blora/files";
import { type FrozenTensor, isLanguageModelTask, type LinearSite, type StepPlan } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { passesOf } from "./data/buckets.ts";
import type { PreparedRun } from "./prepare-training.ts";
import type { RunParts } from "./run.ts";
import type { TrainingState } from "./state/training-state.ts";
import { trainingStep } from "./steps/definitions.ts";
import { stepShape } from "./steps/step-shape.ts";

export interface MemoryFacts {
  readonly frozen: Iterable<FrozenTensor>;
  /** Every linear map of the network, adapted or not. */
  readonly linears: readonly LinearSite[];
  /** Numbers that training changes. */
  readonly trainableParameters: number;
  readonly batchSize: number;
  /** Longest padded length in tokens. */
  readonly length: number;
}

const FLOAT_BYTES = 4;
/** Those of AdamW. */
const AVERAGES_OF_A_TRAINABLE = 2;
/** Value, gradient and averages. */
const COPIES_OF_A_TRAINABLE = 2 + AVERAGES_OF_A_TRAINABLE;
/**
 * Activations kept for the gradient per input and output of a linear map:
 * itself, its gradient, and as much again for norms, activation functions and
 * attention around it.
 */
const COPIES_OF_AN_ACTIVATION = 4;

/**
 * A rough upper estimate of the bytes a training step needs, for engines that
 * cannot plan it: float32 weights,
 * trainables with their optimizer state, and the activations of all linear
 * maps. It knows neither attention maps nor what an engine reuses.
 */
export function estimateMemory({ frozen, linears, trainableParameters, batchSize, length }: MemoryFacts): number {
  let weights = 0;
  for (const { shape } of frozen) weights += sizeOf(shape);
  const perToken = linears.reduce((total, { inFeatures, outFeatures }) => total + inFeatures + outFeatures, 0);
  const activations = batchSize * length * perToken * COPIES_OF_AN_ACTIVATION;
  return FLOAT_BYTES * (weights + trainableParameters * COPIES_OF_A_TRAINABLE + activations);
}

/** Bytes of frozen tensors in their files. */
export function storedBytes(frozen: Iterable<FrozenTensor>): number {
  let bytes = 0;
  for (const { shape, storage } of frozen) bytes += sizeOf(shape) * BYTES_PER_VALUE[storage];
  return bytes;
}

/** Bytes of a planned step: mapped weights, what AdamW keeps of trainables where they train, and the step's own values. */
export function plannedMemory(
  plan: StepPlan,
  frozen: Iterable<FrozenTensor>,
  trainableParameters: number,
  trains: boolean,
): number {
  const averages = trains ? AVERAGES_OF_A_TRAINABLE : 0;
  return plan.peakBytes + storedBytes(frozen) + FLOAT_BYTES * averages * trainableParameters;
}

/** What to say where the estimate exceeds the memory at hand. */
export function memoryWarning(
  estimate: number,
  available: number,
  batchSize: number,
  length: number,
): string | undefined {
  if (estimate <= available) return undefined;
  return `Training may need about ${gibibytes(estimate)}, and ${gibibytes(available)} are free. Set maxTokensPerPass below ${batchSize * length}, which changes no update, or lower maxSeqLength (${length}).`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Of the longest texts. */
export function rowsOfPass({ args, longest }: PreparedRun): number {
  const size = args.perDeviceTrainBatchSize;
  return Math.ceil(size / passesOf({ size, length: longest }, args.maxTokensPerPass));
}

/** Bytes of the largest pass: as the engine plans it, else as a rule of thumb has it. */
export function memoryOf({ engine, task }: RunParts, prepared: PreparedRun, state: TrainingState): number {
  const { model, longest: length, args } = prepared;
  const batchSize = rowsOfPass(prepared);
  const losses = isLanguageModelTask(task) ? batchSize * length : batchSize;
  const shape = stepShape(state, { batchSize, length, losses, packed: args.packing });
  const plan = engine.plan?.(trainingStep(model, shape));
  const frozen = model.frozen.values();
  const trainable = trainableParameters(state);
  if (plan !== undefined) return plannedMemory(plan, frozen, trainable, true);
  return estimateMemory({ frozen, linears: model.linears, trainableParameters: trainable, batchSize, length });
}

export function trainableParameters(state: TrainingState): number {
  let count = 0;
  for (const { parameter, moments } of state.entries().values())
    count += moments === undefined ? 0 : parameter.values.length;
  return count;
}
