/**
 * B-LoRA at 3.1 % of the bit operations: a width for each singular component of each site, chosen by a knapsack.
 * Five GLUE tasks, from all-MiniLM-L6-v2 (22 million parameters), 300 to 500 updates of 32 rows.
 * Not run here: `benchmarks/results/front` holds this method against others from shared warm-ups.
 *
 *   npx blora sweep recipes/glue/blora-adapter.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { fromMinilm } from "./settings/minilm.ts";

const method = blora({ rank: 8, alpha: 16, quantizer: uniform({ bits: [0, 2, 3, 4, 8] }), bopsTarget: 1 / 32 });

const runs: readonly RunConfig<TrainingArgumentsInput>[] = fromMinilm(method);

export default runs;
