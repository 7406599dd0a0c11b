/**
 * Adapters of rank 8 rounded to 8 bits, without gates.
 * CoLA and SST-2 (9,000 rows), from all-MiniLM-L6-v2 (22 million parameters), 500 updates of 32 rows.
 * Expected score: CoLA 0.263, SST-2 0.852 (one seed) at 25 %.
 *
 *   npx blora sweep recipes/glue/ablations/fixed-8-bits.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
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
    penaltyStrength: 0,
    phases: { warmup: 0.1, gates: 0.6, settle: 0.3 },
    rankGate: gate,
    initialGateLogit: 2,
    quantizer: uniform({ bits: 8 }),
    learnRank: false,
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
