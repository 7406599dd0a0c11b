/**
 * LoRA at rank 8.
 * Five GLUE tasks, from all-MiniLM-L6-v2 (22 million parameters), 300 to 500 updates of 32 rows.
 * Expected score: RTE 0.570, MRPC 0.821, STS-B 0.862, CoLA 0.254, SST-2 0.858 (three seeds).
 *
 *   npx blora sweep recipes/glue/lora-8.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { lora } from "@blora/lora";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "./settings/minilm.ts";

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(lora({ rank: 8, alpha: 16, dropout: 0 }));

export default runs;
