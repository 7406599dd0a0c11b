import { join } from "node:path";
import type { SavedFile } from "@blora/artefacts";
import type { RunEvent, SweepRecord } from "@blora/runs";
import {
  type ArtefactStore,
  BloraError,
  type JobRun,
  type Json,
  type JsonObject,
  onceInStore,
  toJson,
} from "@blora/spec";
import { createSnapshots, isSavedFiles, saveResult } from "./snapshots.ts";
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
  /** Told what keeps this machine from doing any job; the job is given back. */
  onFault(fault: WorkerFault): void;
}

/**
 * Trains what a job describes with its checkpoints in a store: a run that another machine began goes on from there, and
 * its result is there when its record is.
 */
export function storedRun(store: ArtefactStore, options: StoredRunOptions): JobRun {
  return onceInStore(store, async (job, lease) => {
    const run = plannedRunOf(job);
    const folder = join(options.runs, run.name);
    const snapshots = createSnapshots(store, { id: job.id, folder, attempt: lease.attempt });
    const wrong = new AbortController();
    let step = 0;
    let keeping: Promise<void> = Promise.resolve();
    const mayWrite = async (): Promise<boolean> => (await lease.heartbeat({ step })) === "keep";
    const keep = async (at: number): Promise<void> => {
      try {
        await snapshots.keep(at, mayWrite);
      } catch (error) {
        options.onEvent?.({
          type: "warning",
          message: `Checkpoint ${at} is on this machine alone: ${(error as Error).message}`,
        });
      }
    };
    const onEvent = (event: RunEvent): void => {
      options.onEvent?.(event);
      if (event.type === "step") step = event.step;
      // One after the other: the newest is last.
      if (event.type === "checkpoint") keeping = keeping.then(() => keep(event.step));
      if (event.type !== "start") return;
      void isSameRun(run, folder).then((isSame) => {
        if (!isSame) wrong.abort();
      });
    };
    try {
      await snapshots.restore();
      const result = await trainingRun({ ...options, onEvent })(job, {
        attempt: lease.attempt,
        signal: AbortSignal.any([lease.signal, wrong.signal]),
        heartbeat: lease.heartbeat,
      });
      await keeping;
      if (wrong.signal.aborted) throw otherInputs(run.name);
      if (result.status !== "done" || !(await mayWrite()))
        return result.status === "done" ? { status: "released" } : result;
      const stored = { record: result.record, files: await saveResult(store, job.id, folder) };
      return { status: "done", record: toJson(stored) as JsonObject };
    } catch (error) {
      await keeping;
      // By name, because it may come from a child process.
      if ((error as Error).name === "FolderInUseError") return { status: "released" };
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      options.onFault(fault);
      return { status: "released" };
    }
  });
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

function faultOf(error: unknown): WorkerFault | undefined {
  if (error instanceof WorkerFault) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return FAULTS_OF_MACHINE.has(code)
    ? new WorkerFault(`${message} The job is left to other workers.`, { cause: error })
    : undefined;
}
