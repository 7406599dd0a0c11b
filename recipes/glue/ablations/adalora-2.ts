/**
 * AdaLoRA from rank 4 to a mean rank of 2.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Not run here: `benchmarks/results/front` holds this method against others from shared warm-ups.
 *
 *   npx blora sweep recipes/glue/ablations/adalora-2.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { adalora } from "@blora/lora";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const method = adalora({
  initialRank: 4,
  targetRank: 2,
  alpha: 4,
  dropout: 0,
  tInit: 0.1,
  tFinal: 0.3,
  deltaT: 10,
  orthogonality: 0.1,
});

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method, ["cola", "sst2"], { learningRate: 5e-3 });

export default runs;
