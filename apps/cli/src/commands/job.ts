import { dirname, resolve } from "node:path";
import { DO_NOT_RETRY } from "@blora/jobs-array";
import type { Command } from "commander";
import { EXIT, statusOfSignal, UsageError } from "../exit.ts";
import { createEvaluationLine } from "../output/evaluation-line.ts";
import { createProgress } from "../output/progress.ts";
import { runShards } from "../shards/shard-jobs.ts";
import { readArray } from "../sweep/array.ts";
import { runSweep, sweepEngine } from "../sweep/run-sweep.ts";
import { countOrZero } from "./number-flags.ts";

export function addJobCommand(program: Command, exit: (status: number) => void): void {
  program
    .command("job")
    .argument("<index>", "which job of the list, from 0", countOrZero)
    .description(
      `do one job of a list that --on wrote; ends with status ${DO_NOT_RETRY} where no attempt can end otherwise`,
    )
    .requiredOption("--list <file>", "the list")
    .action(async (index: number, { list }: { readonly list: string }) => {
      const { about, jobs } = await readArray(list);
      const job = jobs[index];
      if (job === undefined) {
        throw new UsageError(`${index}: expected the index of one of the ${jobs.length} jobs of ${list}, from 0.`);
      }
      const output = { isTTY: process.stderr.isTTY, write: (text: string) => process.stderr.write(text) };
      let status: number = EXIT.success;
      if (job.manifest.work !== "training") {
        const { failure, signal } = await runShards([job], 1, createEvaluationLine(output));
        if (signal !== undefined) return exit(statusOfSignal(signal));
        if (failure === undefined) return;
        output.write(`job ${index} failed: ${failure.error}\n`);
        return exit(failure.isFinal ? DO_NOT_RETRY : EXIT.failure);
      }
      const { signal } = await runSweep({
        jobs: [job],
        engine: sweepEngine(resolve(about.runs)),
        atOnce: 1,
        out: dirname(list),
        runs: resolve(about.runs),
        onStart: ({ name }) => output.write(`${name}\n`),
        onEvent: createProgress(output),
        onWait: ([run]) => output.write(`waiting for another process: ${run!.name}\n`),
        async onEnd({ name }, failure) {
          if (failure === undefined) return;
          output.write(`${name} failed: ${failure.error}\n`);
          status = failure.isFinal ? DO_NOT_RETRY : EXIT.failure;
        },
      });
      exit(signal === undefined ? status : statusOfSignal(signal));
    });
}
