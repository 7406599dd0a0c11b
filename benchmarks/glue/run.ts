/**
 * Fine-tunes the built-in checkpoint on five GLUE tasks with each method and
 * writes one table. Runs that already have a summary are not repeated.
 *
 *   npm run bench:glue -- --data <GLUE folder> --out benchmarks/results/glue-builtin
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { finishedRun } from "../cli-run.ts";
import { machine } from "../machine.ts";
import { markdownTable, type ResultRow } from "./table.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    out: { type: "string", default: "benchmarks/results/glue-builtin" },
    runs: { type: "string", default: "runs/glue" },
    seeds: { type: "string", default: "1" },
  },
});
if (values.data === undefined) throw new Error("--data: expected the folder of the GLUE tasks, found nothing");

/** Updates of a run. SST-2 has eight times the rows of the next task. */
const TASKS = { cola: 900, rte: 400, mrpc: 500, stsb: 600, sst2: 2000 } as const;

const SHARED = ["learningRate=2e-3", "warmupRatio=0.06", "perDeviceTrainBatchSize=32", "maxSeqLength=128"];

/** Method and options, in the order of the table. */
const METHODS = {
  lora: ["--method", "lora"],
  "blora adapter": ["--method", "blora", "--set", "method.penaltyStrength=0.1"],
  "blora site": ["--method", "blora", "--set", "method.penaltyStrength=0.1", "--set", "method.scope=site"],
} as const;

mkdirSync(values.runs, { recursive: true });
const rows: ResultRow[] = [];
for (const [method, methodFlags] of Object.entries(METHODS)) {
  for (const [task, steps] of Object.entries(TASKS)) {
    for (const seed of values.seeds.split(",")) {
      const folder = join(values.runs, `${task}-${method.replace(" ", "-")}-${seed}`);
      const flags = ["--task", task, "--data", values.data, "--seed", seed, ...methodFlags];
      const settings = [...SHARED, `maxSteps=${steps}`, `evalSteps=${Math.round(steps / 3)}`];
      const summary = finishedRun(folder, flags, settings);
      console.log(`${method} ${task} ${summary.metric.name} ${summary.metric.value}`);
      rows.push({ method, summary });
      writeResults();
    }
  }
}

function writeResults(): void {
  const report = { ...machine(), model: "builtin", settings: SHARED, rows };
  writeFileSync(`${values.out}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${values.out}.md`, markdownTable("Built-in checkpoint on real GLUE", report, rows));
}
