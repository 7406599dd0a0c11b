/**
 * B-LoRA in the form of the paper: the adapters learn a rank and a width for each matrix.
 * Eight GLUE tasks, from DeBERTaV3-base, at the learning rates and lengths of AdaLoRA's scripts.
 * Not run here: this is work for a GPU. The paper claims scores on par with LoRA's for about 70 % fewer bit operations.
 *
 *   npx blora sweep recipes/paper/blora-adapter.ts --seeds 5 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { bayesianBits } from "@blora/quantizers";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { publishedSettings } from "./settings/glue.ts";

const gate = hardConcrete({ initialLogit: 2 });

const runs: readonly RunConfig<TrainingArgumentsInput>[] = publishedSettings.map(
  ({ task, learningRate, epochs, maxSeqLength, alpha, warmupSteps, weightDecay }) => ({
    model: "microsoft/deberta-v3-base",
    task: glue({ task }),
    method: blora({
      rank: 8,
      alpha,
      granularity: "matrix",
      allocation: "gates",
      penaltyStrength: 0.1,
      phases: { warmup: 0.1, gates: 0.6, settle: 0.3 },
      rankGate: gate,
      quantizer: bayesianBits({ gate, maxBits: 16 }),
    }),
    training: {
      learningRate,
      numTrainEpochs: epochs,
      maxSeqLength,
      warmupSteps,
      weightDecay,
      perDeviceTrainBatchSize: 32,
    },
  }),
);

export default runs;
