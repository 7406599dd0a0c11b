import { join } from "node:path";
import {
  machine,
  type RunEvent,
  type RunSummary,
  readRecords,
  type SweepOutcome,
  type SweepRecord,
  writeRecord,
} from "@blora/runs";
import { readJsonFileIfPresent } from "@blora/weights";
import { InterruptedError } from "../exit.ts";
import { runInChild } from "../run/child.ts";
import type { RunRequest } from "../run/request.ts";
import type { PlannedRun } from "./plan.ts";

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
  /** After every run, with all records there are. */
  onRecord(record: SweepRecord, records: ReadonlyMap<string, SweepRecord>): Promise<void>;
}

export interface SweepEnd {
  /** All records there are, also earlier ones. */
  readonly records: ReadonlyMap<string, SweepRecord>;
  /** The signal that ended the sweep, where one did. */
  readonly signal: NodeJS.Signals | undefined;
}

/** Runs what is missing, one run at a time, until a signal asks to stop. */
export async function runSweep(options: SweepOptions): Promise<SweepEnd> {
  const { plan, out, onStart, onRecord } = options;
  const recorded = await readRecords(out);
  const missing = plan.filter(({ name }) => recorded.get(name)?.outcome.status !== "done");
  let signal: NodeJS.Signals | undefined;
  for (const [index, run] of missing.entries()) {
    onStart(run, missing.length - index);
    const ended = await endOf(run, options);
    signal = ended.signal;
    if (ended.outcome !== undefined) {
      const { recipeFile: _, ...planned } = run;
      const record: SweepRecord = { formatVersion: 1, ...planned, machine: machine(), outcome: ended.outcome };
      await writeRecord(out, record);
      // Read again: another sweep may have added some.
      await onRecord(record, await readRecords(out));
    }
    if (signal !== undefined) break;
  }
  return { records: await readRecords(out), signal };
}

interface RunEnd {
  /** Undefined where the run was interrupted. */
  readonly outcome?: SweepOutcome;
  readonly signal?: NodeJS.Signals | undefined;
}

async function endOf(run: PlannedRun, { runs, shared, onEvent }: SweepOptions): Promise<RunEnd> {
  const folder = join(runs, run.name);
  const earlier = readSummary(folder);
  if (earlier !== undefined) return { outcome: { status: "done", summary: earlier } };
  const request = { ...shared, config: run.recipeFile, task: run.task, seed: run.seed, out: folder };
  try {
    const job = { request, overwrite: false, allowConfigChange: false };
    const { result, signal } = await runInChild("training", job, { onEvent });
    const { summary } = result;
    return { signal, ...(!summary.interrupted && { outcome: { status: "done", summary } }) };
  } catch (error) {
    if (error instanceof InterruptedError) return { signal: error.signal };
    return { outcome: { status: "failed", error: (error as Error).message } };
  }
}

/** The summary of a run that was finished, but not recorded. */
function readSummary(folder: string): RunSummary | undefined {
  return readJsonFileIfPresent(join(folder, "summary.json")) as unknown as RunSummary | undefined;
}
