import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { isQueueAddress } from "@blora/jobs-bullmq";
import type { SweepRecord } from "@blora/runs";
import { readRecords } from "@blora/runs";
import { type Job, shellWord } from "@blora/spec";
import type { Command } from "commander";
import { EXIT, statusOfSignal, UsageError } from "../exit.ts";
import { createProgress } from "../output/progress.ts";
import { readConfigs } from "../run/config-file.ts";
import type { RunRequest } from "../run/request.ts";
import {
  ARRAYS,
  type ArrayFlags,
  type ArrayKind,
  addArrayFlags,
  LIST_FILE,
  readArray,
  requireArray,
  writeArray,
} from "../sweep/array.ts";
import { type PlannedRun, planSweep, type Recipe } from "../sweep/plan.ts";
import { requireQueue } from "../sweep/queue-flags.ts";
import { writeResults } from "../sweep/results-files.ts";
import { runSweep, type SweepOptions, sweepEngine } from "../sweep/run-sweep.ts";
import { parseSeeds } from "../sweep/seeds.ts";
import { plannedRunOf, trainingJob } from "../sweep/training-job.ts";
import { givenFlags, refuseIdle } from "./idle-flags.ts";
import { positiveInteger } from "./number-flags.ts";
import { addEngineFlags, addPluginFlag } from "./run-flags.ts";
import { sweepRemotely } from "./sweep-remote.ts";

interface SweepFlags
  extends ArrayFlags,
    Pick<RunRequest, "plugin" | "data" | "offline" | "engine" | "backend" | "threads"> {
  readonly seeds: string;
  readonly out: string;
  readonly runs: string;
  readonly reference: string;
  readonly title: string;
  readonly jobs: number;
  /** `local`, what a list is written for, or the address of a queue. */
  readonly on: string;
  readonly queue?: string;
  readonly store?: string;
  readonly watch?: boolean;
  readonly cancel?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addSweepCommand(program: Command, exit: (status: number) => void): void {
  const sweep = program.command("sweep");
  sweep
    .command("collect")
    .description("make the results table of a sweep that --on handed to others, from its --out")
    .action(async () => {
      const { out, json } = sweep.opts<SweepFlags>();
      const { about, jobs } = await readArray(join(out, LIST_FILE));
      const plan = jobs.map(plannedRunOf);
      const records = await readRecords(out);
      const results = await writeResults(out, records.values(), plan, about);
      process.stdout.write(json ? `${JSON.stringify(results)}\n` : describeTable(plan, records, out));
      if (!areDone(plan, records)) exit(EXIT.failure);
    });
  addArrayFlags(addPluginFlag(addEngineFlags(sweep)))
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
    .option(
      "--on <where>",
      `who starts the runs: local, ${ARRAYS.join(", ")}, or blora worker: redis://host, rediss://host`,
      parseOn,
      "local",
    )
    .option("--queue <name>", "queue on that server (default: blora)")
    .option(
      "--store <address>",
      "where workers put what they make: file:<folder> or s3://bucket/prefix; not needed to --cancel",
    )
    .option("--watch", "on a queue: show who does what until all is done; workers go on where this is interrupted")
    .option("--cancel", "on a queue: take these runs out of it, and stop who does them")
    .option("--dry-run", "list the runs and whether they are done")
    .option("--json", "print one JSON line at the end")
    .action(async (recipes: readonly string[], flags: SweepFlags) => {
      requireQueue(flags);
      requireArray(sweep, flags.on);
      if (flags.on !== "local") refuseIdle(sweep, ["jobs"], { expected: "--on local, this machine", found: "others" });
      const seeds = parseSeeds(flags.seeds);
      const shared = sharedRequest(flags);
      const isArray = flags.on !== "local";
      const plan = await planSweep(await Promise.all(recipes.map(readRecipe)), seeds, shared, isArray);
      const jobs = plan.map((run) => trainingJob(run, shared));
      const given = givenFlags<SweepFlags>(sweep).reference;
      if (given !== undefined) requireRecipe(given, [...plan, ...(await readRecords(flags.out)).values()]);
      if (flags.dryRun) return void process.stdout.write(describePlan(plan, await readRecords(flags.out)));
      const isRemote = isQueueAddress(flags.on);
      if (isArray && !isRemote) return void process.stdout.write(await writeList(jobs, flags));
      const output = { isTTY: process.stderr.isTTY, write: (text: string) => process.stderr.write(text) };
      const tables = (records: Iterable<SweepRecord>) => writeResults(flags.out, records, plan, flags);
      const runs = resolve(flags.runs);
      const onEnd: SweepOptions["onEnd"] = async ({ name }, failure, all) => {
        if (failure !== undefined) output.write(`${name} failed: ${failure.error}\n`);
        else if (flags.jobs > 1) output.write(`${name} done\n`);
        await tables(all.values());
      };
      if (isRemote) {
        const status = await sweepRemotely(flags, { plan, shared, output, runs, out: flags.out, onEnd });
        if (status !== undefined) return exit(status);
      }
      const local = { records: await readRecords(flags.out), signal: undefined };
      const { records, signal } = isRemote
        ? local
        : await runSweep({
            ...{ jobs, runs, out: flags.out, atOnce: flags.jobs },
            engine: sweepEngine(runs),
            onStart: ({ task, recipe, seed }, left) =>
              output.write(`\n${task}, ${recipe}, seed ${seed} (${left} to go)\n`),
            onEvent: flags.jobs === 1 ? createProgress(output) : () => undefined,
            onWait: (runs) =>
              output.write(`\nwaiting for another process: ${runs.map(({ name }) => name).join(", ")}\n`),
            onEnd,
          });
      const results = await tables(records.values());
      process.stdout.write(flags.json ? `${JSON.stringify(results)}\n` : describeTable(plan, records, flags.out));
      if (signal !== undefined) return exit(statusOfSignal(signal));
      if (!areDone(plan, records)) exit(EXIT.failure);
    });
}

/** @throws UsageError for a reference that no run is of: the table would be priced against another */
function requireRecipe(reference: string, runs: readonly { readonly recipe: string }[]): void {
  const recipes = [...new Set(runs.map(({ recipe }) => recipe))];
  if (recipes.includes(reference)) return;
  throw new UsageError(`--reference ${reference}: expected a recipe of this sweep, ${recipes.join(", ")}.`);
}

function parseOn(text: string): string {
  if (["local", ...ARRAYS].includes(text) || isQueueAddress(text)) return text;
  // An address of another kind may hold a password, and other errors repeat what they are about.
  throw new UsageError(`--on: expected local, ${ARRAYS.join(", ")} or an address such as redis://host, found other.`);
}

/** @returns how to start the jobs */
async function writeList(jobs: readonly Job[], flags: SweepFlags): Promise<string> {
  const { on, out, runs, title, reference } = flags;
  const start = await writeArray(on as ArrayKind, out, { about: { runs, title, reference }, jobs }, flags);
  return `${start}make the table: ${flags.command} sweep collect --out ${shellWord(out)}\n`;
}

/**
 * What goes for every run. Runs that are made at once divide the threads of this machine; a process that others start
 * uses as many as it asks them for.
 */
function sharedRequest({ plugin, data, offline, engine, backend, threads, jobs, on }: SweepFlags): RunRequest {
  const isOnnx = (engine ?? "onnx") === "onnx";
  const divided = jobs > 1 ? Math.max(1, Math.floor(availableParallelism() / jobs)) : undefined;
  const share = on === "local" ? divided : 1;
  return { plugin, data, offline, engine, backend, threads: threads ?? (isOnnx ? share : undefined) };
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

function describeTable(plan: readonly PlannedRun[], records: ReadonlyMap<string, SweepRecord>, out: string): string {
  return `${describeEnd(plan, records)}table: ${out}/results.md\n`;
}

function areDone(plan: readonly PlannedRun[], records: ReadonlyMap<string, SweepRecord>): boolean {
  return plan.every(({ name }) => records.get(name)?.outcome.status === "done");
}

function describeEnd(plan: readonly PlannedRun[], records: ReadonlyMap<string, SweepRecord>): string {
  const countOf = (status: string) => plan.filter(({ name }) => records.get(name)?.outcome.status === status).length;
  const failed = countOf("failed");
  return `\n${countOf("done")} of ${plan.length} runs done${failed === 0 ? "" : `, ${failed} failed`}\n`;
}
