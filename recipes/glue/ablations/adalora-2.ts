/**
 * AdaLoRA from rank 4 to a mean rank of 2.
 * RTE and MRPC, from all-MiniLM-L6-v2 (22 million parameters), at most 600 updates of 32 rows.
 * Expected score: not run here yet.
 *
 *   npx blora sweep recipes/glue/ablations/adalora-2.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { adalora } from "@blora/lora";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

const tasks = ["rte", "mrpc"] as const;

const runs: readonly RunConfig<TrainingArgumentsInput>[] = tasks.map((task) => ({
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
    learningRate: 1e-3,
    warmupRatio: 0.06,
    perDeviceTrainBatchSize: 32,
    maxSteps: 600,
    evalSteps: 60,
    maxSeqLength: 128,
  },
}));

export default runs;
