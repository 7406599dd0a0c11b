/**
 * LoRA and AdaLoRA, ours and PEFT's, on GLUE: the same checkpoint, rows, batches, start and settings. A pair that has a result
 * file is not run again, so the table grows over several calls.
 *
 *   npm run bench:peers -- --python <interpreter> --model <folder> --data <GLUE folder>
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "@blora/runs";
import type { GlueTaskName } from "@blora/task-glue";
import { PEER_METHODS, peerMethod } from "./methods.ts";
import { type Pair, runPair } from "./pair.ts";
import { pairTable } from "./table.ts";

/** Updates, as in `recipes/glue`, and how many of the seeds each task is run with. SST-2 is a fixed subset: its first rows. */
const TASKS = {
  rte: { steps: 300, seeds: 3 },
  mrpc: { steps: 300, seeds: 3 },
  stsb: { steps: 400, seeds: 1 },
  cola: { steps: 500, seeds: 1 },
  sst2: { steps: 500, seeds: 1 },
} as const satisfies Partial<Record<GlueTaskName, object>>;
type PeerTask = keyof typeof TASKS;
/** The first of every task before the second of any. */
const SEEDS = [1, 2, 3];

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    model: { type: "string" },
    data: { type: "string" },
    tasks: { type: "string", default: Object.keys(TASKS).join() },
    methods: { type: "string", default: Object.keys(PEER_METHODS).join() },
    runs: { type: "string", default: "runs/peers" },
    out: { type: "string", default: "benchmarks/results/peers" },
  },
});
const { model, data, python, runs, out } = values;
if (model === undefined || data === undefined) throw new Error("--model and --data: expected folders");

mkdirSync(out, { recursive: true });
for (const seed of SEEDS) {
  for (const task of values.tasks.split(",") as PeerTask[]) {
    const { steps, seeds } = TASKS[task];
    if (seed > seeds) continue;
    for (const method of values.methods.split(",")) {
      const { learningRate, options } = peerMethod(method);
      const name = `${task}-${method}-${seed}`;
      const file = join(out, `${name}.json`);
      if (existsSync(file)) continue;
      const pair = runPair(
        {
          model,
          task,
          data,
          method: options(steps),
          threads: 2,
          folder: join(runs, name),
          arguments: {
            learningRate,
            warmupRatio: 0.06,
            perDeviceTrainBatchSize: 32,
            maxSeqLength: 128,
            maxTrainSamples: 9000,
            maxSteps: steps,
            evalSteps: steps / 4,
            seed,
          },
        },
        python,
      );
      writeFileSync(file, `${JSON.stringify({ ...machine(), ...pair }, null, 2)}\n`);
      writeTable();
    }
  }
}
writeTable();

/** One table of all results there are. */
function writeTable(): void {
  const files = readdirSync(out).filter((name) => name.endsWith(".json"));
  const pairs = files.sort().map((name) => JSON.parse(readFileSync(join(out, name), "utf8")) as Pair);
  writeFileSync(`${out}.md`, pairTable("Ours and PEFT on GLUE", pairs));
}
