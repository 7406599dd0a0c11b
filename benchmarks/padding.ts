/**
 * Counts the padding of one epoch of each GLUE task with the default settings, and the lengths that must be compiled.
 *
 *   npm run bench:padding -- --model <folder> --data <GLUE folder>
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bops } from "@blora/bops";
import { registry } from "@blora/cli";
import { onnx } from "@blora/engine-onnx";
import { head } from "@blora/lora";
import { machine } from "@blora/runs";
import { glue } from "@blora/task-glue";
import { loadTokenizer } from "@blora/tokenizer";
import { prepareRun } from "@blora/trainer";
import { openCheckpoint } from "@blora/weights";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    out: { type: "string", default: "benchmarks/results/padding" },
  },
});
const { model, data, out } = values;
if (model === undefined || data === undefined) throw new Error("--model and --data: expected folders");

const checkpoint = openCheckpoint(model);
const modelType = (checkpoint.config as { model_type: string }).model_type;
const architecture = registry
  .ids("architecture")
  .map((id) => registry.create("architecture", id))
  .find(({ modelTypes }) => modelTypes.includes(modelType))!;
const tokenizer = await loadTokenizer(model);
const engine = onnx();

const results = [];
for (const name of ["rte", "mrpc", "cola", "stsb", "sst2"] as const) {
  const task = glue({ task: name });
  const parts = { architecture, checkpoint, tokenizer, engine, model, data, task, method: head(), costModel: bops() };
  const { plan, rows } = await prepareRun({ ...parts, outputDirectory: "", arguments: {} });
  const batches = Array.from({ length: plan.stepsPerEpoch }, (_, step) => plan.batchesOf(step)).flat();
  const computed = batches.reduce((total, { size, length }) => total + size * length, 0);
  const tokens = rows.reduce((total, { inputIds }) => total + inputIds.length, 0);
  const lengths = new Set(batches.map(({ length }) => length)).size;
  results.push({ task: name, rows: rows.length, tokens, paddingShare: 1 - tokens / computed, lengths });
  console.log(JSON.stringify(results.at(-1)));
}
await engine.release();
const { date, commit } = machine();
writeFileSync(`${out}.json`, `${JSON.stringify({ date, commit, model: "all-MiniLM-L6-v2", results }, null, 2)}\n`);
