/**
 * A frozen encoder: the head alone is trained.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Expected score: CoLA 0.062, SST-2 0.747 (one seed).
 *
 *   npx blora sweep recipes/glue/ablations/head.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { head } from "@blora/lora";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(head(), ["cola", "sst2"]);

export default runs;
