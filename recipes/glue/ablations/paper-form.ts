/**
 * B-LoRA in the form of the paper, at 6.25 %: one width for A and one for B of a site, and nested rank gates.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Not run here: `benchmarks/results/front` holds this method against others from shared warm-ups.
 *
 *   npx blora sweep recipes/glue/ablations/paper-form.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { bayesianBits } from "@blora/quantizers";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "../settings/minilm.ts";

const method = blora({
  rank: 8,
  alpha: 16,
  granularity: "matrix",
  allocation: "gates",
  rankGate: hardConcrete(),
  quantizer: bayesianBits({ gate: hardConcrete() }),
  bopsTarget: 1 / 16,
});

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method, ["cola", "sst2"]);

export default runs;
