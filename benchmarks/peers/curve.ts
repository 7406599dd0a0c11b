/**
 * The loss of our LoRA and of PEFT's over the same first 50 updates: same rows, start and settings, no dropout. Ends
 * with status 1 where the first losses differ by more than 1e-4 or any by more than 1e-2.
 *
 *   npm run bench:curve -- --python <interpreter> --model <folder> --data <GLUE folder>
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "@blora/runs";
import { curveSvg } from "./curve-svg.ts";
import { peerMethod } from "./methods.ts";
import { runPair } from "./pair.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    model: { type: "string" },
    data: { type: "string" },
    steps: { type: "string", default: "50" },
    method: { type: "string", default: "lora" },
    out: { type: "string", default: "benchmarks/results/peers-curve" },
  },
});
if (values.model === undefined || values.data === undefined) throw new Error("--model and --data: expected folders");
const steps = Number(values.steps);
const { learningRate, options } = peerMethod(values.method);

const pair = runPair(
  {
    model: values.model,
    task: "rte",
    data: values.data,
    method: options(steps),
    threads: 2,
    folder: mkdtempSync(join(tmpdir(), "blora-curve-")),
    arguments: {
      learningRate,
      perDeviceTrainBatchSize: 32,
      maxSeqLength: 64,
      maxSteps: steps,
      evalSteps: steps,
      maxEvalSamples: 64,
      warmupRatio: 0.1,
      seed: 1,
    },
  },
  values.python,
);
const differences = pair.ours.losses.map((loss, step) => Math.abs(loss - pair.peft.losses[step]!));
const [first, largest] = [differences[0]!, Math.max(...differences)];
console.log(`first losses differ by ${first.toExponential(1)}, any of ${steps} by at most ${largest.toExponential(1)}`);
const report = { ...machine(), task: pair.task, method: pair.method, versions: pair.versions, first, largest };
const losses = { ours: pair.ours.losses, peft: pair.peft.losses };
writeFileSync(`${values.out}.json`, `${JSON.stringify({ ...report, ...losses }, null, 2)}\n`);
writeFileSync(`${values.out}.svg`, curveSvg(`RTE, ${pair.method}: loss of the first ${steps} updates`, losses));
if (first > 1e-4 || largest > 1e-2) process.exitCode = 1;
