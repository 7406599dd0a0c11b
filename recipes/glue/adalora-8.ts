/**
 * AdaLoRA from rank 12 to a mean rank of 8, on the cubic schedule with the orthogonality penalty.
 * Five GLUE tasks, from all-MiniLM-L6-v2 (22 million parameters), 300 to 500 updates of 32 rows.
 * Expected score: RTE 0.522, MRPC 0.798, STS-B 0.853, CoLA 0.177, SST-2 0.852 (three seeds).
 * The learning rate is the best of 1e-3, 3e-3, 5e-3 and 1e-2 on CoLA and SST-2, one seed: CoLA 0.073, 0.173, 0.179, 0.154.
 *
 *   npx blora sweep recipes/glue/adalora-8.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { adalora } from "@blora/lora";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

/** Each task with its updates, which see its rows one to four times. */
const tasks = [
  ["rte", 300],
  ["mrpc", 300],
  ["stsb", 400],
  ["cola", 500],
  ["sst2", 500],
] as const;

const runs: readonly RunConfig<TrainingArgumentsInput>[] = tasks.map(([task, maxSteps]) => ({
  model: process.env.BLORA_MINILM ?? "sentence-transformers/all-MiniLM-L6-v2",
  task: glue({ task }),
  method: adalora({
    initialRank: 12,
    targetRank: 8,
    alpha: 16,
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
    // Every row of the four small tasks, and a fixed part of SST-2.
    maxTrainSamples: 9000,
  },
}));

export default runs;
