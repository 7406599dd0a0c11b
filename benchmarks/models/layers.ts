/**
 * A few steps of training a checkpoint of Phi-2's real layer sizes with fewer
 * layers: tokens a second and peak memory, beside what `blora doctor` plans.
 *
 *   npm run bench:layers -- --data <folder with configs and tokenizers>
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine, type RunSummary } from "@blora/runs";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    layers: { type: "string", default: "3" },
    steps: { type: "string", default: "6" },
    batch: { type: "string", default: "4" },
    length: { type: "string", default: "256" },
    runs: { type: "string", default: "runs/layers" },
    out: { type: "string", default: "benchmarks/results/phi-2-layers.json" },
  },
});
if (values.data === undefined)
  throw new Error("--data: expected the folder with configs and tokenizers, found nothing");

const here = fileURLToPath(new URL(".", import.meta.url));
const program = fileURLToPath(new URL("../../apps/cli/dist/blora.js", import.meta.url));
const model = join(values.runs, `phi-2-${values.layers}-layers`);
if (!existsSync(join(model, "model.safetensors"))) {
  const source = ["--config", join(values.data, "configs/phi-2"), "--tokenizer", join(values.data, "tokenizers/phi-2")];
  const generator = ["--import", "tsx", join(here, "random-checkpoint.ts"), ...source, "--layers", values.layers];
  execFileSync(process.execPath, [...generator, "--out", model], { stdio: "inherit" });
}

const data = join(values.runs, "data");
mkdirSync(data, { recursive: true });
const row = JSON.stringify({ prompt: "Count.", completion: " one two three four five six seven".repeat(60) });
const rows = Number(values.steps) * Number(values.batch);
writeFileSync(join(data, "train.jsonl"), `${row}\n`.repeat(rows));
writeFileSync(join(data, "validation.jsonl"), `${row}\n`);

const settings = [
  `perDeviceTrainBatchSize=${values.batch}`,
  `maxSeqLength=${values.length}`,
  `maxSteps=${values.steps}`,
];
const results = ["lora", "blora"].map((method) => {
  const sets = settings.flatMap((setting) => ["--set", setting]);
  const doctor = [program, "doctor", "--model", model, "--method", method, "--json", ...sets];
  const plan = JSON.parse(execFileSync(process.execPath, doctor, { encoding: "utf8", maxBuffer: 2 ** 26 }));
  const folder = join(values.runs, method);
  rmSync(folder, { recursive: true, force: true });
  const flags = ["--model", model, "--task", "instruct", "--method", method, "--data", data];
  const train = [program, "train", "--out", folder, "--json", ...flags, ...sets];
  const output = execFileSync(process.execPath, train, { encoding: "utf8", maxBuffer: 2 ** 26 });
  const { tokensPerSecond, peakRssBytes, seconds, steps } = JSON.parse(output.trim().split("\n").at(-1)!) as RunSummary;
  return { method, tokensPerSecond, peakRssBytes, plannedBytes: plan.train.totalBytes, seconds, steps };
});
const { layers, batch, length } = values;
writeFileSync(
  values.out,
  `${JSON.stringify({ ...machine(), layers: Number(layers), batch: Number(batch), length: Number(length), results }, null, 2)}\n`,
);
console.table(results);
