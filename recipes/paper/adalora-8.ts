/**
 * AdaLoRA from rank 12 to a mean rank of 8.
 * Eight GLUE tasks, from DeBERTaV3-base, at the learning rates and lengths of AdaLoRA's scripts.
 * Not run here: this is work for a GPU. AdaLoRA's Table 1 prints a mean of 0.8931 over eight tasks.
 *
 *   npx blora sweep recipes/paper/adalora-8.ts --seeds 5 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { adalora } from "@blora/lora";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { publishedSettings } from "./settings/glue.ts";

const runs: readonly RunConfig<TrainingArgumentsInput>[] = publishedSettings.map(
  ({
    task,
    learningRate,
    epochs,
    maxSeqLength,
    alpha,
    tInit,
    tFinal,
    deltaT,
    orthogonality,
    warmupSteps,
    weightDecay,
  }) => ({
    model: "microsoft/deberta-v3-base",
    task: glue({ task }),
    method: adalora({
      initialRank: 12,
      targetRank: 8,
      alpha,
      dropout: 0,
      tInit,
      tFinal,
      deltaT,
      orthogonality,
      beta1: 0.85,
      beta2: 0.85,
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
