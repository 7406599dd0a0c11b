import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "@blora/files";
import { REPORT_PAGE } from "@blora/report";
import { readRecords, SUMMARY_FILE, writeRecord } from "@blora/runs";
import {
  type ArtefactStore,
  type Job,
  type JobEngine,
  type JobEvent,
  type JsonObject,
  storedRecord,
} from "@blora/spec";
import { drawReport } from "../run/write-report.ts";
import type { PlannedRun } from "./plan.ts";
import type { SweepOptions } from "./run-sweep.ts";
import { fetchResult, removeSnapshots } from "./snapshots.ts";
import { storedRecordOf } from "./stored-run.ts";
import { plannedRunOf, sweepRecord } from "./training-job.ts";
import { watchJobs } from "./watch-jobs.ts";

export interface RemoteSweep {
  readonly engine: JobEngine;
  readonly store: ArtefactStore;
  /** Every run of the plan, as a job. */
  readonly jobs: readonly Job[];
  /** Folder of the records. */
  readonly out: string;
  /** Folder of the run directories. */
  readonly runs: string;
  /** After every run that ended, with all records there are. */
  readonly onEnd: SweepOptions["onEnd"];
}

/** Queues what is missing, and takes home what is done. @returns what is left */
export async function submitSweep(sweep: RemoteSweep): Promise<readonly Job[]> {
  const { engine, store, jobs, out } = sweep;
  const recorded = await readRecords(out);
  const left: Job[] = [];
  for (const job of jobs) {
    if (recorded.get(plannedRunOf(job).name)?.outcome.status === "done") continue;
    const known = await storedRecord(store, job.id);
    if (known === undefined) left.push(job);
    else await takeHome(sweep, job, known);
  }
  await engine.submit(left);
  return left;
}

/** Sees to it that all that is left comes to its end, until the signal. Whoever does the jobs goes on without it. */
export async function watchSweep(
  sweep: RemoteSweep,
  left: readonly Job[],
  { signal, onEvent }: { readonly signal: AbortSignal; onEvent(event: JobEvent, run: PlannedRun): void },
): Promise<void> {
  await watchJobs(sweep.engine, left, {
    signal,
    async onEvent(event, job) {
      onEvent(event, plannedRunOf(job));
      if (event.type === "done") await takeHome(sweep, job, event.record);
      if (event.type === "failed") await recordFailure(sweep, job, event.error);
    },
  });
}

async function takeHome(sweep: RemoteSweep, job: Job, stored: JsonObject): Promise<void> {
  const { store, runs, out, onEnd } = sweep;
  const { record, files } = storedRecordOf(stored);
  const run = plannedRunOf(job);
  const folder = join(runs, run.name);
  // A worker of this machine may have made it there.
  if (!existsSync(join(folder, SUMMARY_FILE))) {
    await makeFolder(folder);
    // The summary says that a run is done: it comes last.
    const rest = files.filter(({ path }) => path !== SUMMARY_FILE);
    await fetchResult(store, job.id, { folder, files: rest });
    await fetchResult(store, job.id, { folder, files: files.filter(({ path }) => path === SUMMARY_FILE) });
  }
  // The disk of its worker may have been too full for it.
  if (!existsSync(join(folder, REPORT_PAGE))) await drawReport(folder, () => undefined);
  await writeRecord(out, record);
  await removeSnapshots(store, job.id);
  await onEnd(run, undefined, await readRecords(out));
}

async function recordFailure({ out, onEnd }: RemoteSweep, job: Job, error: string): Promise<void> {
  const run = plannedRunOf(job);
  await writeRecord(out, sweepRecord(run, { status: "failed", error }));
  // Another machine knows whether every attempt would end in it.
  await onEnd(run, { error, isFinal: false }, await readRecords(out));
}
