/**
 * LoRA at rank 8 on the network of the built-in model with random weights: what pretraining is worth.
 * The built-in task, 900 updates of 32 rows.
 * Expect chance: an accuracy of 0.51 ± 0.02.
 *
 *   npx tsx benchmarks/builtin/random-weights.ts --out runs/builtin/random-weights
 *   npx blora sweep recipes/builtin/random-weights.ts --seeds 3
 */
import { builtinTask } from "@blora/builtin";
import type { RunConfig } from "@blora/core";
import { lora } from "@blora/lora";
import type { TrainingArgumentsInput } from "@blora/trainer";

const recipe: RunConfig<TrainingArgumentsInput> = {
  model: "runs/builtin/random-weights",
  task: builtinTask(),
  method: lora({ rank: 8, alpha: 16, dropout: 0 }),
  training: {
    learningRate: 2e-3,
    warmupRatio: 0.06,
    perDeviceTrainBatchSize: 32,
    maxSteps: 900,
    evalSteps: 300,
    maxSeqLength: 128,
  },
};

export default recipe;
