/**
 * AdaLoRA from rank 4 to a mean rank of 2.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Expected score: CoLA 0.168, SST-2 0.839 (one seed) at 23 to 25 %.
 *
 *   npx blora sweep recipes/glue/ablations/adalora-2.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { adalora } from "@blora/lora";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

/** Each task with its updates, which see its rows one to four times. */
const tasks = [
  ["cola", 500],
  ["sst2", 500],
] as const;

const runs: readonly RunConfig<TrainingArgumentsInput>[] = tasks.map(([task, maxSteps]) => ({
  model: process.env.BLORA_MINILM ?? "sentence-transformers/all-MiniLM-L6-v2",
  task: glue({ task }),
  method: adalora({
    initialRank: 4,
    targetRank: 2,
    alpha: 4,
    dropout: 0,
    tInit: 0.1,
    tFinal: 0.3,
    deltaT: 10,
    orthogonality: 0.1,
  }),
  training: {
    learningRate: 5e-3,
    warmupRatio: 0.06,
    perDeviceTrainBatchSize: 32,
    maxSteps,
    evalSteps: maxSteps / 4,
    maxSeqLength: 128,
    // A fixed part of SST-2.
    maxTrainSamples: 9000,
  },
}));

export default runs;
