/**
 * B-LoRA whose adapters learn rank and bits, with a budget of 5 %.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Expected score: CoLA 0.217, SST-2 0.852 (one seed), mean rank 3.4.
 *
 *   npx blora sweep recipes/glue/ablations/blora-adapter-5-percent.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { bayesianBits } from "@blora/quantizers";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

/** Each task with its updates, which see its rows one to four times. */
const tasks = [
  ["cola", 500],
  ["sst2", 500],
] as const;
const gate = hardConcrete({ initialLogit: 2 });

const runs: readonly RunConfig<TrainingArgumentsInput>[] = tasks.map(([task, maxSteps]) => ({
  model: process.env.BLORA_MINILM ?? "sentence-transformers/all-MiniLM-L6-v2",
  task: glue({ task }),
  method: blora({
    rank: 8,
    alpha: 16,
    dropout: 0,
    scope: "adapter",
    bopsTarget: 0.05,
    phases: { warmup: 0.1, gates: 0.5, settle: 0.4 },
    rankGate: gate,
    initialGateLogit: 6,
    quantizer: bayesianBits({ gate, maxBits: 16, initialLogits: [6, 5, 2] }),
  }),
  training: {
    learningRate: 1e-3,
    warmupRatio: 0.06,
    perDeviceTrainBatchSize: 32,
    maxSteps,
    evalSteps: maxSteps / 4,
    maxSeqLength: 128,
    // A fixed part of SST-2.
    maxTrainSamples: 9000,
  },
}));

export default runs;
