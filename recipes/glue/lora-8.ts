/**
 * LoRA at rank 8.
 * Five GLUE tasks, from all-MiniLM-L6-v2 (22 million parameters), at most 600 updates of 32 rows.
 * Expected score, one seed: CoLA 0.299, SST-2 (9,000 rows) 0.860. The other tasks were not run here yet.
 *
 *   npx blora sweep recipes/glue/lora-8.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { lora } from "@blora/lora";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

const tasks = ["rte", "mrpc", "cola", "stsb", "sst2"] as const;

const runs: readonly RunConfig<TrainingArgumentsInput>[] = tasks.map((task) => ({
  model: process.env.BLORA_MINILM ?? "sentence-transformers/all-MiniLM-L6-v2",
  task: glue({ task }),
  method: lora({ rank: 8, alpha: 16, dropout: 0 }),
  training: {
    learningRate: 1e-3,
    warmupRatio: 0.06,
    perDeviceTrainBatchSize: 32,
    maxSteps: 600,
    evalSteps: 60,
    maxSeqLength: 128,
    // Every row of the four small tasks, and a fixed part of SST-2.
    maxTrainSamples: 9000,
  },
}));

export default runs;
