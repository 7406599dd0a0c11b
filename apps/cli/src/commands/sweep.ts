import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { localJobs } from "@blora/jobs-local";
import type { SweepRecord } from "@blora/runs";
import { currentRecords, readRecords } from "@blora/runs";
import type { Command } from "commander";
import { EXIT, statusOfSignal } from "../exit.ts";
import { createProgress } from "../output/progress.ts";
import { readConfigs } from "../run/config-file.ts";
import type { RunRequest } from "../run/request.ts";
import { type PlannedRun, planSweep, type Recipe } from "../sweep/plan.ts";
import { writeResults } from "../sweep/results-files.ts";
import { runSweep } from "../sweep/run-sweep.ts";
import { parseSeeds } from "../sweep/seeds.ts";
import { positiveInteger } from "./number-flags.ts";
import { addEngineFlags, addPluginFlag } from "./run-flags.ts";

/** Folder of leases among the run directories. */
const LEASES = ".leases";

interface SweepFlags extends Pick<RunRequest, "plugin" | "data" | "offline" | "engine" | "backend" | "threads"> {
  readonly seeds: string;
  readonly out: string;
  readonly runs: string;
  readonly reference: string;
  readonly title: string;
  readonly jobs: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addSweepCommand(program: Command, exit: (status: number) => void): void {
  addPluginFlag(addEngineFlags(program.command("sweep")))
    .argument("<recipes...>", "configuration files: one run each, or a list of runs with a task each")
    .description("run recipes over seeds, only what is missing, and write one results table")
    .option("--seeds <count|list>", "3 for the seeds 1, 2 and 3; or a list: 4,5", "1")
    .option("--out <folder>", "results: the table, the front, and a small file for each run", "results")
    .option("--runs <folder>", "run directories, with checkpoints and adapters", "runs/sweep")
    .option("--reference <recipe>", "recipe whose bit operations are 100 %", "lora-8")
    .option("--title <text>", "heading of the table", "Results")
    .option("--data <folder>", "folder of the tasks' files")
    .option("--offline", "use only what the Hub cache holds")
    .option("--backend <name>", "backend of the tfjs engine")
    .option("--jobs <count>", "runs at once on this machine, which share its threads", positiveInteger, 1)
    .option("--dry-run", "list the runs and whether they are done")
    .option("--json", "print one JSON line at the end")
    .action(async (recipes: readonly string[], flags: SweepFlags) => {
      const seeds = parseSeeds(flags.seeds);
      const shared = sharedRequest(flags);
      const plan = await planSweep(await Promise.all(recipes.map(readRecipe)), seeds, shared);
      if (flags.dryRun) return void process.stdout.write(describePlan(plan, await readRecords(flags.out)));
      const output = { isTTY: process.stderr.isTTY, write: (text: string) => process.stderr.write(text) };
      const tables = (records: Iterable<SweepRecord>) => writeResults(flags.out, currentRecords(records, plan), flags);
      const runs = resolve(flags.runs);
      const { records, signal } = await runSweep({
        ...{ plan, shared, runs, out: flags.out, jobs: flags.jobs },
        engine: localJobs({ folder: join(runs, LEASES) }),
        onStart: ({ task, recipe, seed }, left) => output.write(`\n${task}, ${recipe}, seed ${seed} (${left} to go)\n`),
        onEvent: flags.jobs === 1 ? createProgress(output) : () => undefined,
        onWait: (runs) => output.write(`\nwaiting for another process: ${runs.map(({ name }) => name).join(", ")}\n`),
        async onEnd({ name }, error, all) {
          if (error !== undefined) output.write(`${name} failed: ${error}\n`);
          else if (flags.jobs > 1) output.write(`${name} done\n`);
          await tables(all.values());
        },
      });
      const results = await tables(records.values());
      process.stdout.write(
        flags.json ? `${JSON.stringify(results)}\n` : `${describeEnd(plan, records)}table: ${flags.out}/results.md\n`,
      );
      if (signal !== undefined) return exit(statusOfSignal(signal));
      if (plan.some(({ name }) => records.get(name)?.outcome.status !== "done")) exit(EXIT.failure);
    });
}

/** What goes for every run. Runs that are made at once divide the threads of this machine. */
function sharedRequest({ plugin, data, offline, engine, backend, threads, jobs }: SweepFlags): RunRequest {
  const share =
    jobs > 1 && (engine ?? "onnx") === "onnx" ? Math.max(1, Math.floor(availableParallelism() / jobs)) : undefined;
  return { plugin, data, offline, engine, backend, threads: threads ?? share };
}

async function readRecipe(file: string): Promise<Recipe> {
  return { file, configs: await readConfigs(file) };
}

function describePlan(plan: readonly PlannedRun[], records: ReadonlyMap<string, SweepRecord>): string {
  const lines = plan.map(
    ({ name, recipe }) => `${(records.get(name)?.outcome.status ?? "missing").padEnd(8)} ${name}  ${recipe}\n`,
  );
  return lines.join("") + describeEnd(plan, records);
}

function describeEnd(plan: readonly PlannedRun[], records: ReadonlyMap<string, SweepRecord>): string {
  const countOf = (status: string) => plan.filter(({ name }) => records.get(name)?.outcome.status === status).length;
  const failed = countOf("failed");
  return `\n${countOf("done")} of ${plan.length} runs done${failed === 0 ? "" : `, ${failed} failed`}\n`;
}
