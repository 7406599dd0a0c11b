/**
 * All of MMLU's test set on stories260K, a trained model of 260 thousand
 * parameters that knows nothing of it: near chance is right. What is measured
 * is the way from files to score: time, memory, and contexts that do not fit
 * 512 positions. Interrupted, the same command goes on where it was.
 *
 *   npm run bench:mmlu -- --data <folder with mmlu and models> --shots 0
 */

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { LikelihoodSummary } from "@blora/likelihood";
import { machine } from "@blora/runs";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    shots: { type: "string", default: "0" },
    protocol: { type: "string", default: "lm-evaluation-harness" },
    runs: { type: "string", default: "runs/mmlu" },
    out: { type: "string", default: "benchmarks/results/mmlu-stories260K" },
  },
});
if (values.data === undefined) throw new Error("--data: expected the folder with mmlu and models, found nothing");

const program = fileURLToPath(new URL("../../apps/cli/dist/blora.js", import.meta.url));
const model = join(values.runs, "stories260K");
const source = join(values.data, "models/stories260K");
mkdirSync(model, { recursive: true });
for (const name of ["config.json", "model.safetensors"])
  copyFileSync(join(source, "qwen2-layout", name), join(model, name));
copyFileSync(join(source, "tok512.model"), join(model, "tokenizer.model"));

const folder = join(values.runs, `${values.protocol}-${values.shots}-shot`);
const flags = ["--shots", values.shots, "--protocol", values.protocol, "--add-bos", "--out", folder];
const where = ["--task", "mmlu", "--model", model, "--data", join(values.data, "mmlu")];
execFileSync(process.execPath, [program, "eval", ...where, ...flags], { stdio: "inherit" });

const summary = JSON.parse(readFileSync(join(folder, "likelihood.json"), "utf8")) as LikelihoodSummary;
const report = { ...machine(), ...summary, model: "stories260K" };
writeFileSync(`${values.out}-${values.shots}-shot.json`, `${JSON.stringify(report, null, 2)}\n`);
