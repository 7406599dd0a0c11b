import { sitesPicture } from "@blora/report";
import type { RunSummary } from "@blora/trainer";
import type { Command } from "commander";
import { EXIT } from "../exit.ts";
import { methodName, summaryTable } from "../output/summary-table.ts";
import { runSettings } from "./run-flags.ts";
import { trainOnce } from "./train.ts";

const RANK = 8;

/** Methods, each with its own settings. */
const METHODS = { lora: [], blora: ["method.bopsTarget=0.1"] } as const;

/** Settings both methods share. Lengths are few, so that sentences of every kind meet in a batch: here length goes with kind. */
const SHARED = ["learningRate=2e-3", "warmupRatio=0.06", "padToMultipleOf=16", `method.rank=${RANK}`];

interface DemoFlags {
  readonly out: string;
  readonly steps: number;
  readonly seed: number;
}

export function addDemoCommand(program: Command, exit: (status: number) => void): void {
  program
    .command("demo")
    .description("LoRA and B-LoRA on the built-in model and task, side by side")
    .option("--out <folder>", "where the runs go", "runs/demo")
    .option("--steps <count>", "updates of each run", Number, 900)
    .option("--seed <number>", "seed of both runs", Number, 42)
    .action(async ({ out, steps, seed }: DemoFlags) => {
      const summaries: RunSummary[] = [];
      for (const [method, own] of Object.entries(METHODS)) {
        process.stderr.write(`\n${method}\n`);
        const settings = runSettings(
          {
            task: "builtin",
            method,
            engine: "onnx",
            seed,
            set: [...SHARED, ...own, `maxSteps=${steps}`, `evalSteps=${Math.ceil(steps / 3)}`],
          },
          `${out}/${method}-${seed}`,
        );
        const { result: summary } = await trainOnce(settings, {
          overwrite: true,
          allowConfigChange: false,
          quiet: false,
        });
        if (summary.interrupted) return exit(EXIT.interrupted);
        summaries.push(summary);
      }
      process.stdout.write(`\n${summaryTable(summaries)}\n`);
      for (const summary of summaries) {
        process.stdout.write(`\n${methodName(summary)}\n${sitesPicture(summary, RANK)}\n`);
      }
    });
}
