/**
 * LoRA at rank 8.
 * Five GLUE tasks, from all-MiniLM-L6-v2 (22 million parameters), 300 to 500 updates of 32 rows.
 * Expected score: RTE 0.570, MRPC 0.821, STS-B 0.862, CoLA 0.254, SST-2 0.858 (three seeds).
 *
 *   npx blora sweep recipes/glue/lora-8.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { lora } from "@blora/lora";
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
  method: lora({ rank: 8, alpha: 16, dropout: 0 }),
  training: {
    learningRate: 1e-3,
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
