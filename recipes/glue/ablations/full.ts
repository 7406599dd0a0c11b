/**
 * Full fine-tuning: every weight of the encoder, and the head.
 * RTE and MRPC, from all-MiniLM-L6-v2 (22 million parameters), at most 600 updates of 32 rows.
 * Expected score: not run here yet.
 *
 *   npx blora sweep recipes/glue/ablations/full.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { full } from "@blora/lora";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

const tasks = ["rte", "mrpc"] as const;

const runs: readonly RunConfig<TrainingArgumentsInput>[] = tasks.map((task) => ({
  model: process.env.BLORA_MINILM ?? "sentence-transformers/all-MiniLM-L6-v2",
  task: glue({ task }),
  method: full(),
  training: {
    learningRate: 5e-5,
    warmupRatio: 0.06,
    perDeviceTrainBatchSize: 32,
    maxSteps: 600,
    evalSteps: 60,
    maxSeqLength: 128,
  },
}));

export default runs;
