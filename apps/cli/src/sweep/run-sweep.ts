import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createLockWatch, LOCK_FILE, readJsonFileIfPresent } from "@blora/files";
import { REPORT_PAGE } from "@blora/report";
import {
  decidingSettings,
  fingerprintOf,
  machine,
  type RunEvent,
  type RunSummary,
  readRecords,
  readRunConfig,
  SUMMARY_FILE,
  type SweepOutcome,
  type SweepRecord,
  writeRecord,
} from "@blora/runs";
import { InterruptedError } from "../exit.ts";
import { runInChild } from "../run/child.ts";
import type { RunRequest } from "../run/request.ts";
import { drawReport } from "../run/write-report.ts";
import { type PlannedRun, withoutSeed } from "./plan.ts";

const WAIT_MILLISECONDS = 2000;

export interface SweepOptions {
  readonly plan: readonly PlannedRun[];
  /** Folder of the records. */
  readonly out: string;
  /** Folder of the run directories. */
  readonly runs: string;
  /** What goes for every run: data, engine. */
  readonly shared: RunRequest;
  onStart(run: PlannedRun, left: number): void;
  onEvent(event: RunEvent): void;
  /** Told once, where all that is left is being run by other processes. */
  onWait(runs: readonly PlannedRun[]): void;
  /** After every run, with all records there are. */
  onRecord(record: SweepRecord, records: ReadonlyMap<string, SweepRecord>): Promise<void>;
}

export interface SweepEnd {
  /** All records there are, also earlier ones. */
  readonly records: ReadonlyMap<string, SweepRecord>;
  /** The signal that ended the sweep, where one did. */
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * Runs what is missing, one run at a time, until a signal asks to stop. Runs of another sweep on the same folders are
 * left to it, waited for, and made here where it gives them up.
 */
export async function runSweep(options: SweepOptions): Promise<SweepEnd> {
  const { plan, out, onStart, onRecord } = options;
  const watch = createLockWatch();
  let isWaiting = false;
  let left = await missingOf(plan, out);
  while (left.length > 0) {
    const others: PlannedRun[] = [];
    for (const [index, run] of left.entries()) {
      if (await isDone(run, out)) continue;
      if ((await watch.judge(join(options.runs, run.name, LOCK_FILE))).state !== "free") {
        others.push(run);
        continue;
      }
      onStart(run, left.length - index + others.length);
      const { outcome, signal, isTaken } = await endOf(run, options);
      if (isTaken) others.push(run);
      if (outcome !== undefined) {
        const { recipeFile: _, ...planned } = run;
        const record: SweepRecord = { formatVersion: 2, ...planned, machine: machine(), outcome };
        await writeRecord(out, record);
        // Read again: another sweep may have added some.
        await onRecord(record, await readRecords(out));
      }
      if (signal !== undefined) return { records: await readRecords(out), signal };
    }
    left = others;
    if (left.length === 0) break;
    if (!isWaiting) options.onWait(left);
    isWaiting = true;
    await setTimeout(WAIT_MILLISECONDS);
  }
  return { records: await readRecords(out), signal: undefined };
}

async function missingOf(plan: readonly PlannedRun[], out: string): Promise<PlannedRun[]> {
  const recorded = await readRecords(out);
  return plan.filter(({ name }) => recorded.get(name)?.outcome.status !== "done");
}

async function isDone({ name }: PlannedRun, out: string): Promise<boolean> {
  return (await readRecords(out)).get(name)?.outcome.status === "done";
}

interface RunEnd {
  /** Undefined where the run was interrupted. */
  readonly outcome?: SweepOutcome;
  readonly signal?: NodeJS.Signals | undefined;
  /** Whether another process runs it, such as a second sweep on the same folder. */
  readonly isTaken?: boolean;
}

async function endOf(run: PlannedRun, { runs, shared, onEvent }: SweepOptions): Promise<RunEnd> {
  const folder = join(runs, run.name);
  const earlier = await finishedSummary(run, folder);
  if (earlier !== undefined) {
    // A run may have been killed between its summary and its page.
    if (!existsSync(join(folder, REPORT_PAGE))) {
      await drawReport(folder, (message) => onEvent({ type: "warning", message }));
    }
    return { outcome: { status: "done", summary: earlier } };
  }
  const request = { ...shared, config: run.recipeFile, task: run.task, seed: run.seed, out: folder };
  try {
    const job = { request, overwrite: false, allowConfigChange: false };
    const { result, signal } = await runInChild("training", job, { onEvent });
    const { summary } = result;
    if (summary.interrupted) return { signal };
    if (await isSameRun(run, folder)) return { signal, outcome: { status: "done", summary } };
    return { signal, outcome: { status: "failed", error: "Its recipe, weights or data changed while the sweep ran." } };
  } catch (error) {
    if (error instanceof InterruptedError) return { signal: error.signal };
    // By name, because it comes from a child process.
    if ((error as Error).name === "FolderInUseError") return { isTaken: true };
    return { outcome: { status: "failed", error: (error as Error).message } };
  }
}

/** The summary of a run that was finished, but not recorded. */
async function finishedSummary(run: PlannedRun, folder: string): Promise<RunSummary | undefined> {
  const summary = readJsonFileIfPresent(join(folder, SUMMARY_FILE)) as unknown as RunSummary | undefined;
  return summary !== undefined && (await isSameRun(run, folder)) ? summary : undefined;
}

/** Whether a run directory is of the settings that were planned. */
async function isSameRun({ settings }: PlannedRun, folder: string): Promise<boolean> {
  const config = await readRunConfig(folder);
  return config !== undefined && fingerprintOf(withoutSeed(decidingSettings(config))) === fingerprintOf(settings);
}
