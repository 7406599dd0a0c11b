import { join } from "node:path";
import { isSavedFiles, type SavedFile } from "@blora/artefacts";
import { FolderInUseError } from "@blora/files";
import type { RunEvent, SweepRecord } from "@blora/runs";
import {
  type ArtefactStore,
  BloraError,
  type Job,
  type JobProgress,
  type JobResult,
  type JobRun,
  type Json,
  type JsonObject,
  type Lease,
  onceInStore,
  toJson,
} from "@blora/spec";
import { keepNewest } from "./keep-newest.ts";
import { jobHere, type RequestHere } from "./remote-job.ts";
import { createSnapshots, removeSnapshots, saveResult } from "./snapshots.ts";
import { isSameRun, plannedRunOf, type TrainingOptions, trainingRun } from "./training-job.ts";

/** What a store keeps of a run that is done. */
export interface StoredRecord {
  readonly record: SweepRecord;
  /** Of the run's folder, without checkpoints. */
  readonly files: readonly SavedFile[];
}

/** Codes of faults that are this machine's, not the job's: a disk that is full, a folder that may not be written. */
const FAULTS_OF_MACHINE: ReadonlySet<unknown> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EPERM",
  "EMFILE",
  "ENOMEM",
]);

/** A worker that cannot go on: its jobs are for others. */
export class WorkerFault extends BloraError {
  override readonly name: string = "WorkerFault";
}

export interface StoredRunOptions extends TrainingOptions {
  readonly request: RequestHere;
  /** Told what keeps this machine from doing any job; the job is given back. */
  onFault(fault: WorkerFault): void;
}

/** An attempt that did not come to its end, which is no fault of this machine. */
class FailedTraining extends Error {}

/**
 * Trains what a job describes with its checkpoints in a store: a run that another machine began goes on from there, and
 * its result is there when its record is. A store that refuses or does not answer is a fault of this machine, which
 * costs no job an attempt.
 */
export function storedRun(open: () => ArtefactStore, options: StoredRunOptions): JobRun {
  return async (job, lease) => {
    try {
      const store = open();
      const run: JobRun = (job, lease) => attempt(store, { job, lease }, options);
      const result = await onceInStore(store, run)(job, lease);
      // Where that fails, who takes the result home does it.
      if (result.status === "done") await removeSnapshots(store, job.id).catch(() => undefined);
      return result;
    } catch (error) {
      if (error instanceof FailedTraining) throw error.cause;
      if (error instanceof FolderInUseError) return { status: "released" };
      const fault = faultOf(error) ?? (BloraError.isInstance(error) ? leftToOthers(error) : undefined);
      if (fault === undefined) throw error;
      options.onFault(fault);
      return { status: "released" };
    }
  };
}

async function attempt(
  store: ArtefactStore,
  { job, lease }: { readonly job: Job; readonly lease: Lease },
  options: StoredRunOptions,
): Promise<JobResult> {
  const run = plannedRunOf(job);
  const folder = join(options.runs, run.name);
  const snapshots = createSnapshots(store, { id: job.id, folder, attempt: lease.attempt });
  const wrong = new AbortController();
  let reached: JobProgress = { step: 0 };
  let isItself: Promise<boolean> = Promise.resolve(true);
  // Also of a run that is to stop: its last checkpoint is what the next machine goes on from.
  const mayKeep = async (): Promise<boolean> =>
    (await isItself) && ((await lease.heartbeat(reached)) === "keep" || lease.isHeld());
  const keeper = keepNewest(
    (at) => snapshots.keep(at, mayKeep),
    (at, { message }) =>
      options.onEvent?.({ type: "warning", message: `Checkpoint ${at} is on this machine alone: ${message}` }),
  );
  const onEvent = (event: RunEvent): void => {
    options.onEvent?.(event);
    if (event.type === "step") reached = { step: event.step, steps: event.totalSteps };
    if (event.type === "checkpoint") keeper.note(event.step);
    if (event.type !== "start") return;
    isItself = isSameRun(run, folder);
    void isItself.then((isSame) => {
      if (!isSame) wrong.abort();
    });
  };
  await snapshots.restore();
  const here = await jobHere(job, options.runs, options.request);
  const signal = AbortSignal.any([lease.signal, wrong.signal]);
  const result = await trainingRun({ ...options, onEvent })(here, { ...lease, signal })
    .catch((error: unknown) => {
      throw faultOf(error) !== undefined ? error : new FailedTraining("", { cause: error });
    })
    .finally(keeper.ended);
  if (wrong.signal.aborted) throw otherInputs(run.name);
  if (result.status !== "done") return result;
  if ((await lease.heartbeat(reached)) === "stop") return { status: "released" };
  const stored = { record: result.record, files: await saveResult(store, job.id, folder) };
  return { status: "done", record: toJson(stored) as JsonObject };
}

export function storedRecordOf(record: JsonObject): StoredRecord {
  const { record: own, files } = record as { readonly record?: Json; readonly files?: Json };
  if (own === undefined || !isSavedFiles(files)) {
    throw new BloraError("Expected the record of a run from the store, found something else.");
  }
  return { record: own as unknown as SweepRecord, files };
}

function otherInputs(name: string): WorkerFault {
  return new WorkerFault(
    `${name}: expected the recipe, weights and data that the sweep was planned with, found others on this machine. Its jobs are left to other workers.`,
  );
}

/** What keeps this machine from doing any job; undefined for what is the job's. */
export function faultOf(error: unknown): WorkerFault | undefined {
  if (error instanceof WorkerFault) return error;
  return FAULTS_OF_MACHINE.has((error as NodeJS.ErrnoException).code) ? leftToOthers(error) : undefined;
}

function leftToOthers(error: unknown): WorkerFault {
  return new WorkerFault(`${(error as Error).message} The job is left to other workers.`, { cause: error });
}
