/**
 * LoRA at rank 1, 12.5 % of the bit operations of rank 8.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Not run here: `benchmarks/results/front` holds this method against others from shared warm-ups.
 *
 *   npx blora sweep recipes/glue/ablations/lora-1.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { lora } from "@blora/lora";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const method = lora({ rank: 1 });

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method, ["cola", "sst2"]);

export default runs;
