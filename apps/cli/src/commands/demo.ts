import { sitesPicture } from "@blora/report";
import type { RunSummary } from "@blora/runs";
import type { ComponentManifest } from "@blora/spec";
import type { Command } from "commander";
import { statusOfSignal } from "../exit.ts";
import { summaryTable } from "../output/summary-table.ts";
import { positiveInteger, seed } from "./number-flags.ts";
import { trainOnce } from "./train.ts";

const RANK = 8;
/** Half of what 2 bits for every component cost. */
const BUDGET = 1 / 32;

/** Settings all runs share. Lengths are few, so that sentences of every kind meet in a batch: here length goes with kind. */
const SHARED = ["learningRate=2e-3", "warmupRatio=0.06", "padToMultipleOf=16"];

/** One of the runs that the demo compares. */
interface DemoRun {
  readonly name: string;
  /** What its folder is called, before the seed. */
  readonly folder: string;
  readonly method: string | ComponentManifest<"method">;
  readonly bopsTarget?: number;
}

/** LoRA, the same at 2 bits everywhere, and B-LoRA at half the cost of that. */
function demoRuns(): readonly DemoRun[] {
  const quantizer = { $plugin: "quantizer/uniform", options: { bits: 2 } };
  const uniform: ComponentManifest<"method"> = { $plugin: "method/blora", options: { quantizer } };
  return [
    { name: "LoRA", folder: "lora", method: "lora" },
    { name: "uniform 2 bits", folder: "uniform-2", method: uniform },
    { name: "B-LoRA", folder: "blora", method: "blora", bopsTarget: BUDGET },
  ];
}

interface DemoFlags {
  readonly out: string;
  readonly steps: number;
  readonly seed: number;
}

export function addDemoCommand(program: Command, exit: (status: number) => void): void {
  program
    .command("demo")
    .description("LoRA, LoRA at 2 bits and B-LoRA on the built-in model and task, side by side")
    .option("--out <folder>", "where the runs go", "runs/demo")
    .option("--steps <count>", "updates of each run", positiveInteger, 900)
    .option("--seed <number>", "seed of every run", seed, 42)
    .action(async ({ out, steps, seed }: DemoFlags) => {
      const set = [...SHARED, `method.rank=${RANK}`, `maxSteps=${steps}`, `evalSteps=${Math.ceil(steps / 3)}`];
      const runs = demoRuns();
      const summaries: RunSummary[] = [];
      for (const { name, folder, ...method } of runs) {
        process.stderr.write(`\n${name}\n`);
        const request = { ...method, task: "builtin", seed, set, out: `${out}/${folder}-${seed}` };
        const { result, signal } = await trainOnce({ request, overwrite: true, allowConfigChange: false }, false);
        const { summary } = result;
        if (summary.interrupted) return exit(statusOfSignal(signal));
        summaries.push(summary);
      }
      const names = runs.map(({ name }) => name);
      process.stdout.write(`\n${summaryTable(summaries, names)}\n`);
      for (const [index, summary] of summaries.entries()) {
        process.stdout.write(`\n${names[index]}\n${sitesPicture(summary, RANK)}\n`);
      }
    });
}
