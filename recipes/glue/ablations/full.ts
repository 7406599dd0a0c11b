/**
 * Full fine-tuning: every weight of the encoder, and the head.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Expected score: CoLA 0.277, SST-2 0.861 (one seed).
 *
 *   npx blora sweep recipes/glue/ablations/full.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { full } from "@blora/lora";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(full(), ["cola", "sst2"], { learningRate: 5e-5 });

export default runs;
