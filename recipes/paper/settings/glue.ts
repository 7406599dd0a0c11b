/**
 * What AdaLoRA's published scripts set for DeBERTaV3-base on each GLUE task:
 * github.com/QingruZhang/AdaLoRA, NLU/scripts/run_debertav3_*.sh. All use
 * batches of 32, linear decay and 0.85 for both averages. Their dropout before
 * the classifier (0 to 0.2) has no counterpart here.
 */
export interface PublishedSettings {
  readonly task: "mnli" | "sst2" | "cola" | "qqp" | "qnli" | "rte" | "mrpc" | "stsb";
  readonly learningRate: number;
  readonly epochs: number;
  readonly maxSeqLength: number;
  /** Numerator of the scale of the update. */
  readonly alpha: number;
  /** Steps before the budget falls, steps at the final budget, and steps between two maskings. */
  readonly tInit: number;
  readonly tFinal: number;
  readonly deltaT: number;
  readonly orthogonality: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
}

export const publishedSettings: readonly PublishedSettings[] = [
  {
    task: "mnli",
    learningRate: 5e-4,
    epochs: 7,
    maxSeqLength: 256,
    alpha: 16,
    tInit: 8000,
    tFinal: 50000,
    deltaT: 100,
    orthogonality: 0.1,
    warmupSteps: 1000,
    weightDecay: 0,
  },
  {
    task: "sst2",
    learningRate: 8e-4,
    epochs: 24,
    maxSeqLength: 128,
    alpha: 16,
    tInit: 6000,
    tFinal: 22000,
    deltaT: 100,
    orthogonality: 0.1,
    warmupSteps: 1000,
    weightDecay: 0.01,
  },
  {
    task: "cola",
    learningRate: 8e-4,
    epochs: 25,
    maxSeqLength: 64,
    alpha: 32,
    tInit: 800,
    tFinal: 3500,
    deltaT: 10,
    orthogonality: 0.1,
    warmupSteps: 100,
    weightDecay: 0,
  },
  {
    task: "qqp",
    learningRate: 8e-4,
    epochs: 5,
    maxSeqLength: 320,
    alpha: 16,
    tInit: 8000,
    tFinal: 25000,
    deltaT: 100,
    orthogonality: 0.1,
    warmupSteps: 2000,
    weightDecay: 0.01,
  },
  {
    task: "qnli",
    learningRate: 5e-4,
    epochs: 5,
    maxSeqLength: 512,
    alpha: 32,
    tInit: 2000,
    tFinal: 8000,
    deltaT: 100,
    orthogonality: 0.1,
    warmupSteps: 500,
    weightDecay: 0.01,
  },
  {
    task: "rte",
    learningRate: 1.2e-3,
    epochs: 50,
    maxSeqLength: 320,
    alpha: 32,
    tInit: 600,
    tFinal: 1800,
    deltaT: 1,
    orthogonality: 0.3,
    warmupSteps: 200,
    weightDecay: 0.01,
  },
  {
    task: "mrpc",
    learningRate: 1e-3,
    epochs: 30,
    maxSeqLength: 320,
    alpha: 32,
    tInit: 600,
    tFinal: 1800,
    deltaT: 1,
    orthogonality: 0.1,
    warmupSteps: 345,
    weightDecay: 0.01,
  },
  {
    task: "stsb",
    learningRate: 2.2e-3,
    epochs: 25,
    maxSeqLength: 128,
    alpha: 32,
    tInit: 800,
    tFinal: 2000,
    deltaT: 10,
    orthogonality: 0.3,
    warmupSteps: 100,
    weightDecay: 0.1,
  },
];
