import { join } from "node:path";
import type { SweepOutcome, SweepRecord } from "@blora/report";
import { machine, type RunEvent, type RunSummary } from "@blora/trainer";
import { readJsonFileIfPresent } from "@blora/weights";
import type { RunSettings } from "../run/settings.ts";
import { trainInProcess } from "../run/training-process.ts";
import type { PlannedRun } from "./plan.ts";
import { readRecords, writeRecord } from "./records.ts";

export interface SweepOptions {
  readonly plan: readonly PlannedRun[];
  /** Folder of the records. */
  readonly out: string;
  /** Folder of the run directories. */
  readonly runs: string;
  /** Settings that recipes leave open: data, engine. */
  readonly defaults: Omit<RunSettings, "out" | "arguments" | "configFile" | "taskName">;
  readonly signal: AbortSignal;
  onStart(run: PlannedRun, left: number): void;
  onEvent(event: RunEvent): void;
  /** After every run, with all records there are. */
  onRecord(record: SweepRecord, records: ReadonlyMap<string, SweepRecord>): Promise<void>;
}

/** Runs what is missing, one run at a time; returns all records, also earlier ones. */
export async function runSweep(options: SweepOptions): Promise<Map<string, SweepRecord>> {
  const { plan, out, signal, onStart, onRecord } = options;
  const recorded = await readRecords(out);
  const missing = plan.filter(({ name }) => recorded.get(name)?.outcome.status !== "done");
  for (const [index, run] of missing.entries()) {
    if (signal.aborted) break;
    onStart(run, missing.length - index);
    const outcome = await outcomeOf(run, options);
    if (outcome === undefined) break;
    const { recipeFile: _, ...planned } = run;
    const record: SweepRecord = { formatVersion: 1, ...planned, machine: machine(), outcome };
    await writeRecord(out, record);
    // Read again: another sweep may have added some.
    await onRecord(record, await readRecords(out));
  }
  return readRecords(out);
}

/** How a run ended; undefined where it was interrupted. */
async function outcomeOf(run: PlannedRun, options: SweepOptions): Promise<SweepOutcome | undefined> {
  const { runs, defaults, signal, onEvent } = options;
  const folder = join(runs, run.name);
  const earlier = readSummary(folder);
  if (earlier !== undefined) return { status: "done", summary: earlier };
  const settings: RunSettings = {
    ...defaults,
    out: folder,
    arguments: { seed: run.seed },
    configFile: run.recipeFile,
    taskName: run.task,
  };
  const job = { settings, overwrite: false, allowConfigChange: false };
  try {
    const summary = await trainInProcess(job, onEvent, signal);
    return summary.interrupted ? undefined : { status: "done", summary };
  } catch (error) {
    return { status: "failed", error: (error as Error).message };
  }
}

/** The summary of a run that was finished, but not recorded. */
function readSummary(folder: string): RunSummary | undefined {
  return readJsonFileIfPresent(join(folder, "summary.json")) as unknown as RunSummary | undefined;
}
