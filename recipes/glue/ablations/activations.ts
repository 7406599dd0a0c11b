/**
 * B-LoRA at 1.6 % that rounds the inputs of A and B too.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Not run here: `benchmarks/results/front` holds this method against others from shared warm-ups.
 *
 *   npx blora sweep recipes/glue/ablations/activations.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const method = blora({
  rank: 8,
  alpha: 16,
  scope: "adapter+activations",
  quantizer: uniform({ bits: [0, 2, 3, 4, 8] }),
  siteQuantizer: bayesianBits({ gate: hardConcrete(), minBits: 4, maxBits: 16 }),
  bopsTarget: 1 / 64,
});

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method, ["cola", "sst2"]);

export default runs;
