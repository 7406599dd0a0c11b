/**
 * B-LoRA at 3.1 % of the bit operations: a width for each singular component, chosen by a knapsack.
 * The built-in model and task, 1,500 updates of 32 rows.
 * Not run here at this length: `npm run bench:demo` has 900 updates of it, for five seeds.
 *
 *   npx blora sweep recipes/builtin/blora-adapter.ts --seeds 3
 */
import { builtinTask } from "@blora/builtin";
import type { RunConfig } from "@blora/core";
import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { TrainingArgumentsInput } from "@blora/trainer";

const recipe: RunConfig<TrainingArgumentsInput> = {
  model: "builtin",
  task: builtinTask(),
  method: blora({ rank: 8, alpha: 16, quantizer: uniform({ bits: [0, 2, 3, 4, 8] }), bopsTarget: 1 / 32 }),
  training: {
    learningRate: 2e-3,
    warmupRatio: 0.06,
    perDeviceTrainBatchSize: 32,
    maxSteps: 1500,
    evalSteps: 500,
    maxSeqLength: 128,
    // Few lengths, so that sentences of every kind meet in a batch: here length goes with kind.
    padToMultipleOf: 16,
  },
};

export default recipe;
