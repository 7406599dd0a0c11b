/**
 * B-LoRA for the whole site: adapters, frozen weights and their activations get their widths.
 * 6.25 % is what 8 bits everywhere cost, and 25 % what 16 bits do: `ablations/site-8-bits.ts` is the control.
 * Five GLUE tasks, from all-MiniLM-L6-v2 (22 million parameters), 300 to 500 updates of 32 rows.
 * Not run here: `benchmarks/results/front` holds this method against others from shared warm-ups.
 *
 *   npx blora sweep recipes/glue/blora-site.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "./settings/minilm.ts";

const method = blora({
  rank: 8,
  alpha: 16,
  scope: "site",
  bopsTarget: 1 / 16,
  quantizer: uniform({ bits: [0, 2, 3, 4, 8] }),
  // At 2 bits a frozen matrix or its input is lost.
  siteQuantizer: bayesianBits({ gate: hardConcrete(), minBits: 4, maxBits: 16 }),
});

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method);

export default runs;
