import { type Batch, passesOf, planEpoch, splitBatch } from "./buckets.ts";

/** Where every update finds its batches. */
export interface TrainingPlan {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Passes of the update that has most of them. */
  readonly mostPasses: number;
  /** The batches of one update, in order, each small enough for one pass. */
  batchesOf(step: number): readonly Batch[];
}

export interface PlanOptions {
  /** Padded length of every row. */
  readonly lengths: readonly number[];
  readonly batchSize: number;
  /** Tokens of one pass, padding included; undefined: any number. */
  readonly maxTokens: number | undefined;
  readonly gradientAccumulationSteps: number;
  readonly numTrainEpochs: number;
  /** Overrides `numTrainEpochs`. */
  readonly maxSteps: number | undefined;
  readonly seed: number;
}

/** The position in the data is a function of the step alone: a checkpoint need not save it. */
export function planTraining(options: PlanOptions): TrainingPlan {
  const { lengths, batchSize, maxTokens, gradientAccumulationSteps, seed } = options;
  const batchesPerEpoch = Math.ceil(lengths.length / batchSize);
  const stepsPerEpoch = Math.ceil(batchesPerEpoch / gradientAccumulationSteps);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  let current = { epoch: -1, batches: [] as Batch[] };
  return {
    stepsPerEpoch,
    totalSteps: options.maxSteps ?? Math.ceil(stepsPerEpoch * options.numTrainEpochs),
    mostPasses: gradientAccumulationSteps * passesOf({ size: batchSize, length: longest }, maxTokens),
    batchesOf(step) {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (epoch !== current.epoch) current = { epoch, batches: planEpoch(lengths, batchSize, seed, epoch) };
      const start = (step % stepsPerEpoch) * gradientAccumulationSteps;
      const batches = current.batches.slice(start, start + gradientAccumulationSteps);
      return batches.flatMap((batch) => splitBatch(batch, maxTokens));
    },
  };
}
