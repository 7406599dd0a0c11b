/**
 * `blora demo` for several seeds: LoRA, uniform 2 bits and B-LoRA at 3.1 % of
 * the bit operations on the built-in task, side by side. Writes
 * `results/demo.md`; a seed whose runs are there is not run again.
 *
 *   npm run build && npx tsx benchmarks/builtin/demo.ts --seeds 5
 */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { machine, type RunSummary } from "@blora/runs";
import { markdownTable } from "@blora/spec";
import { meanOf } from "../../packages/report/src/sweep/spread.ts";

const RUNS = { lora: "LoRA", "uniform-2": "uniform 2 bits", blora: "B-LoRA" } as const;

type Run = keyof typeof RUNS;

const names = Object.keys(RUNS) as Run[];
const { values } = parseArgs({
  options: { seeds: { type: "string", default: "5" }, runs: { type: "string", default: "runs/demo" } },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
const summaryFile = (run: Run, seed: number): string => `${values.runs}/${run}-${seed}/summary.json`;

for (const seed of seeds) {
  if (names.every((run) => existsSync(summaryFile(run, seed)))) continue;
  const demo = ["apps/cli/dist/blora.js", "demo", "--seed", String(seed), "--out", values.runs];
  execFileSync(process.execPath, demo, { stdio: "inherit" });
}

const summaries = new Map(
  names.map((run) => [run, seeds.map((seed): RunSummary => JSON.parse(readFileSync(summaryFile(run, seed), "utf8")))]),
);
const scores = (run: Run): number[] =>
  summaries.get(run)!.map(({ metrics }) => metrics.last!.splits.validation!.scores.accuracy!);
const losses = (run: Run): number[] => summaries.get(run)!.map(({ metrics }) => metrics.last!.splits.validation!.loss);
const share = (run: Run): string => `${(100 * meanOf(summaries.get(run)!.map(({ bops }) => bops.ratio))).toFixed(2)} %`;
const { cpu, cores, node, commit, date } = machine();
const rows = names.map((run) => [
  RUNS[run],
  share(run),
  ...scores(run).map((score) => score.toFixed(3)),
  meanOf(scores(run)).toFixed(4),
  meanOf(losses(run)).toFixed(4),
]);
const near = scores("blora").filter((score, index) => score >= scores("lora")[index]! - 0.01).length;
const header = ["method", "bit operations", ...seeds.map((seed) => `seed ${seed}`), "mean", "mean loss"];
writeFileSync(
  "benchmarks/results/demo.md",
  [
    "# The demo",
    "",
    `\`npm start\` for ${seeds.length} seeds: accuracy on the built-in task after the last of 900 updates, on the validation split. B-LoRA is within one point of LoRA in ${near} of them.`,
    "",
    markdownTable(header, rows),
    "",
    `${date}, ${cpu}, ${cores} cores, float32, Node ${node}, commit ${commit}.`,
    "",
  ].join("\n"),
);
