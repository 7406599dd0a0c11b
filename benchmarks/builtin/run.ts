/**
 * The built-in task, three seeds: LoRA and B-LoRA on the pretrained checkpoint,
 * and LoRA on the same network with random weights.
 *
 *   npm run bench:builtin
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { builtinModelFolder } from "@blora/builtin";
import { debertaV2 } from "@blora/model-deberta-v2";
import { normalValues, sizeOf } from "@blora/tensor";
import { writeSafetensors } from "@blora/weights";
import { finishedRun } from "../cli-run.ts";
import { markdownTable } from "../glue/table.ts";
import { machine } from "../machine.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "benchmarks/results/builtin" },
    runs: { type: "string", default: "runs/builtin" },
    seeds: { type: "string", default: "1,2,3" },
  },
});

const SETTINGS = [
  "learningRate=2e-3",
  "warmupRatio=0.06",
  "perDeviceTrainBatchSize=32",
  "maxSteps=900",
  "evalSteps=300",
];

mkdirSync(values.runs, { recursive: true });
const random = writeRandomModel(join(values.runs, "random-weights"));
const methods = {
  lora: ["--method", "lora"],
  blora: ["--method", "blora", "--set", "method.penaltyStrength=0.05"],
  "lora, random weights": ["--method", "lora", "--model", random],
};

const rows = [];
for (const seed of values.seeds.split(",")) {
  for (const [method, flags] of Object.entries(methods)) {
    const folder = join(values.runs, `${method.replaceAll(/[ ,]+/g, "-")}-${seed}`);
    const summary = finishedRun(folder, ["--seed", seed, ...flags], SETTINGS);
    console.log(`${method} ${seed} ${summary.metric.value} BOPs ${summary.bops.ratio}`);
    rows.push({ method, summary });
  }
}
const report = { ...machine(), settings: SETTINGS, rows };
writeFileSync(`${values.out}.json`, `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(`${values.out}.md`, markdownTable("Built-in task", report, rows));

/** The built-in network as it was before pretraining. */
function writeRandomModel(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const source = builtinModelFolder();
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    cpSync(join(source, file), join(folder, file));
  }
  const architecture = debertaV2();
  const config = architecture.parseConfig(JSON.parse(readFileSync(join(source, "config.json"), "utf8")));
  const specs = architecture.parameters(config, { kind: "masked-language-model" });
  const tensors = specs.map(({ name, shape, init }) => {
    const size = sizeOf(shape);
    const values =
      init.kind === "normal"
        ? normalValues({ seed: 1, step: 0, path: name }, size, init.standardDeviation)
        : new Float32Array(size).fill(init.kind === "ones" ? 1 : 0);
    return [name, { shape, values }] as const;
  });
  writeSafetensors(join(folder, "model.safetensors"), new Map(tensors));
  return folder;
}
