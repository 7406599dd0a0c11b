/**
 * B-LoRA at 3.1 % whose widths are learned by gates, which start where the knapsack puts them.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Not run here: `benchmarks/results/front` holds this method against others from shared warm-ups.
 *
 *   npx blora sweep recipes/glue/ablations/learned-gates.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const method = blora({
  rank: 8,
  alpha: 16,
  allocation: "gates",
  quantizer: uniform({ bits: [0, 2, 3, 4, 8], gate: hardConcrete() }),
  bopsTarget: 1 / 32,
});

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method, ["cola", "sst2"]);

export default runs;
