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
import type { TrainingArgumentsInput } from "@blora/trainer";
import { FIVE_TASKS, fromMinilm } from "./settings/minilm.ts";

const method = adalora({
  initialRank: 12,
  targetRank: 8,
  alpha: 16,
  dropout: 0,
  tInit: 0.1,
  tFinal: 0.3,
  deltaT: 10,
  orthogonality: 0.1,
});

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method, FIVE_TASKS, { learningRate: 5e-3 });

export default runs;
