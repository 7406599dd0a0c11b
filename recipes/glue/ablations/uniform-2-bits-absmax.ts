/**
 * Control at 6.25 %: 2 bits for whole matrices, on the usual grid up to the largest magnitude.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Not run here: `benchmarks/results/front` holds this method against others from shared warm-ups.
 *
 *   npx blora sweep recipes/glue/ablations/uniform-2-bits-absmax.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const method = blora({ rank: 8, alpha: 16, granularity: "matrix", quantizer: uniform({ bits: 2, grid: "absmax" }) });

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method, ["cola", "sst2"]);

export default runs;
