import { tfjs } from "@blora/engine-tfjs";
import type { Checkpoint } from "@blora/weights";
import type { TrainingArgumentsInput } from "../src/arguments.ts";
import type { TrainRun } from "../src/run.ts";
import { architecture, costModel, letterTask, plainLora, tokenizer } from "./tiny-problem.ts";

export const TINY_ARGUMENTS: TrainingArgumentsInput = {
  learningRate: 0.05,
  perDeviceTrainBatchSize: 8,
  perDeviceEvalBatchSize: 16,
  numTrainEpochs: 2,
  maxSeqLength: 24,
  padToMultipleOf: 8,
  loggingSteps: 1,
  seed: 7,
};

/** Many checkpoints and evaluations in few steps, and noise in every one of them. */
export const RESUME_ARGUMENTS: TrainingArgumentsInput = {
  ...TINY_ARGUMENTS,
  maxSteps: 24,
  saveSteps: 2,
  evalSteps: 5,
  gradientAccumulationSteps: 2,
  perDeviceTrainBatchSize: 4,
};

/** The parts of a run of a second or less on the portable engine. */
export function tinyParts(checkpoint: Checkpoint, outputDirectory: string): TrainRun {
  return {
    architecture,
    method: plainLora(),
    task: letterTask(),
    costModel,
    engine: tfjs({ backend: "cpu" }),
    tokenizer,
    checkpoint,
    model: "tiny",
    outputDirectory,
    arguments: TINY_ARGUMENTS,
  };
}
