/**
 * B-LoRA: rank and bits of the adapters are learned.
 * The built-in model and task, 1,500 updates of 32 rows.
 * Expect an accuracy of 0.95 ± 0.04 for 10 % of the bit operations of LoRA at rank 8.
 *
 *   npx blora sweep recipes/builtin/blora-adapter.ts --seeds 3
 */
import { builtinTask } from "@blora/builtin";
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { bayesianBits } from "@blora/quantizers";
import type { TrainingArgumentsInput } from "@blora/trainer";

const gate = hardConcrete({ initialLogit: 2 });

const recipe: RunConfig<TrainingArgumentsInput> = {
  model: "builtin",
  task: builtinTask(),
  method: blora({
    rank: 8,
    alpha: 16,
    dropout: 0,
    scope: "adapter",
    bopsTarget: 0.1,
    phases: { warmup: 0.1, gates: 0.6, settle: 0.3 },
    rankGate: gate,
    initialGateLogit: 2,
    quantizer: bayesianBits({ gate, maxBits: 16 }),
  }),
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
