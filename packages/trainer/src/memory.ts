import type { FrozenTensor, LinearSite } from "@blora/spec";
import { sizeOf } from "@blora/tensor";

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
/** Value, gradient, and AdamW's two averages. */
const COPIES_OF_A_TRAINABLE = 4;
/**
 * Activations kept for the gradient per input and output of a linear map:
 * itself, its gradient, and as much again for norms, activation functions and
 * attention around it.
 */
const COPIES_OF_AN_ACTIVATION = 4;

/**
 * A rough upper estimate of the bytes a training step needs: float32 weights,
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
