/**
 * B-LoRA whose adapters learn rank and bits, with a budget of 10 %.
 * Five GLUE tasks, from all-MiniLM-L6-v2 (22 million parameters), 300 to 500 updates of 32 rows.
 * Expected score: RTE 0.545, MRPC 0.816, STS-B 0.853, CoLA 0.270, SST-2 0.858 (one seed), mean rank 5.8.
 *
 *   npx blora sweep recipes/glue/ablations/blora-adapter-10-percent.ts --seeds 3 --data <GLUE folder>
 */
import type { RunConfig } from "@blora/core";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { bayesianBits } from "@blora/quantizers";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

/** Each task with its updates, which see its rows one to four times. */
const tasks = [
  ["rte", 300],
  ["mrpc", 300],
  ["stsb", 400],
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
    bopsTarget: 0.1,
    phases: { warmup: 0.1, gates: 0.5, settle: 0.4 },
    rankGate: gate,
    // A gate that starts further open disturbs training less, and closes later: wide widths first, then narrow ones and ranks.
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
    // Every row of the four small tasks, and a fixed part of SST-2.
    maxTrainSamples: 9000,
  },
}));

export default runs;
