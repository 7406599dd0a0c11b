import { type Batch, planEpoch } from "./buckets.ts";

/** Where every update finds its batches. */
export interface TrainingPlan {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** The batches of one update, in order. */
  batchesOf(step: number): readonly Batch[];
}

export interface PlanOptions {
  /** Padded length of every row. */
  readonly lengths: readonly number[];
  readonly batchSize: number;
  readonly gradientAccumulationSteps: number;
  readonly numTrainEpochs: number;
  /** Overrides `numTrainEpochs`. */
  readonly maxSteps: number | undefined;
  readonly seed: number;
}

/** The position in the data is a function of the step alone: a checkpoint need not save it. */
export function planTraining(options: PlanOptions): TrainingPlan {
  const { lengths, batchSize, gradientAccumulationSteps, seed } = options;
  const batchesPerEpoch = Math.ceil(lengths.length / batchSize);
  const stepsPerEpoch = Math.ceil(batchesPerEpoch / gradientAccumulationSteps);
  let current = { epoch: -1, batches: [] as Batch[] };
  return {
    stepsPerEpoch,
    totalSteps: options.maxSteps ?? Math.ceil(stepsPerEpoch * options.numTrainEpochs),
    batchesOf(step) {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (epoch !== current.epoch) current = { epoch, batches: planEpoch(lengths, batchSize, seed, epoch) };
      const start = (step % stepsPerEpoch) * gradientAccumulationSteps;
      return current.batches.slice(start, start + gradientAccumulationSteps);
    },
  };
}
