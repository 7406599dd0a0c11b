import type { Component } from "@blora/spec";

/**
 * How a run trains. Names and meaning follow Hugging Face's training
 * arguments; what is left out takes the trainer's default.
 */
export interface TrainingArguments {
  readonly numTrainEpochs?: number;
  /** Optimizer updates; wins over `numTrainEpochs`. */
  readonly maxSteps?: number;
  readonly perDeviceTrainBatchSize?: number;
  readonly perDeviceEvalBatchSize?: number;
  /** Batches whose gradients are averaged into one update. */
  readonly gradientAccumulationSteps?: number;
  /** Largest global norm of the gradient; 0 turns clipping off. */
  readonly maxGradNorm?: number;

  /** Peak rate of the adapter weights. */
  readonly learningRate?: number;
  /** Rate of the task head; that of the weights where left out. */
  readonly headLearningRate?: number;
  /** Constant rate of the gates. */
  readonly gateLearningRate?: number;
  /** Constant rate of the quantization ranges. */
  readonly rangeLearningRate?: number;
  readonly weightDecay?: number;
  readonly adamBeta1?: number;
  readonly adamBeta2?: number;
  readonly adamEpsilon?: number;
  readonly lrSchedulerType?: "linear" | "cosine" | "constant";
  /** Updates of linear warm-up, or a share of all updates when below 1. */
  readonly warmupSteps?: number;

  /** Longest text in tokens; the architecture's limit where left out. */
  readonly maxLength?: number;
  readonly seed?: number;
  /** Updates between evaluations; once an epoch where left out. */
  readonly evalSteps?: number;
  /** Updates between checkpoints; at every evaluation where left out. */
  readonly saveSteps?: number;
  /** Checkpoints kept besides the best one. */
  readonly saveTotalLimit?: number;
  readonly loggingSteps?: number;
  /** Evaluations without a better score before the run stops early. */
  readonly earlyStoppingPatience?: number;
}

/** Everything a run is made of. Components are values: no name is looked up. */
export interface RunConfig {
  /** Hugging Face Hub id or folder of the checkpoint; the built-in one where left out. */
  readonly model?: string;
  /** The network's forward pass; found by the checkpoint's `model_type` where left out. */
  readonly architecture?: Component<"architecture">;
  readonly task: Component<"task">;
  /** Folder with the task's data; its built-in data where left out. */
  readonly data?: string;
  readonly method: Component<"method">;
  readonly costModel?: Component<"costModel">;
  readonly engine?: Component<"engine">;
  readonly training?: TrainingArguments;
  /** Run directory. */
  readonly out?: string;
}

/**
 * Types a run configuration; returns it unchanged.
 *
 * @example
 * export default defineConfig({
 *   model: "microsoft/deberta-v3-base",
 *   task: glue({ task: "mrpc" }),
 *   method: blora({ rank: 8 }),
 *   training: { learningRate: 5e-4, numTrainEpochs: 3 },
 * });
 */
export function defineConfig<const Config extends RunConfig>(config: Config): Config {
  return config;
}
