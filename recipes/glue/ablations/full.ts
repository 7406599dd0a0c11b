/**
 * Full fine-tuning: every weight of the encoder, and the head.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Expected score: CoLA 0.277, SST-2 0.861 (one seed).
 *
 *   npx blora sweep recipes/glue/ablations/full.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { full } from "@blora/lora";
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
  method: full(),
  training: {
    learningRate: 5e-5,
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
