/**
 * LoRA at rank 2, 25 % of the bit operations of rank 8.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Expected score: CoLA 0.225, SST-2 0.858 (one seed).
 *
 *   npx blora sweep recipes/glue/ablations/lora-2.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { lora } from "@blora/lora";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const method = lora({ rank: 2, alpha: 4, dropout: 0 });

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method, ["cola", "sst2"]);

export default runs;
