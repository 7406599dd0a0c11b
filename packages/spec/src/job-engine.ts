import type { ArtefactRef } from "./artefact-store.ts";
import type { JsonObject } from "./json.ts";

/** What a job needs of the machine that does it. */
export interface JobNeeds {
  readonly memoryBytes: number;
  readonly threads: number;
  /** Provider of an engine that it cannot do without, such as `cuda`. */
  readonly provider?: string;
}

/** What a machine has for one job at a time. */
export interface JobCapacity {
  readonly memoryBytes: number;
  readonly threads: number;
  readonly providers: readonly string[];
}

/** Work that may be done anywhere, and more than once with the same result. */
export interface Job {
  /** SHA-256 in hex of everything the result depends on: equal work, equal id, whoever submits it. */
  readonly id: string;
  /** What is to be done, for whoever does it: engines do not look inside. No secrets. */
  readonly manifest: JsonObject;
  readonly needs: JobNeeds;
  /** What must be fetched first. */
  readonly inputs: readonly ArtefactRef[];
}

/** How far a job is. */
export interface JobProgress {
  readonly step: number;
  /** Of how many, where that is known. */
  readonly steps?: number;
}

/** The right to do a job, for as long as it is renewed. */
export interface Lease {
  /** 1, 2, …: more than that of every earlier lease of the job. What is written under it is never that of another. */
  readonly attempt: number;
  /** Where the job is to stop: it was cancelled, the lease was lost, or the worker ends. */
  readonly signal: AbortSignal;
  /**
   * Tells how far the job is, and asks whether it is still this worker's. `stop`: nothing more may be written. Cheap
   * enough for every step.
   */
  heartbeat(at: JobProgress): Promise<"keep" | "stop">;
  /**
   * Whether the job is this worker's still, also where `signal` asked it to stop because the worker ends: what another
   * attempt goes on from may be written then, before the run returns and the job is given back. False where the job was
   * cancelled or the lease lost, and where whoever knows does not answer for a while.
   */
  isHeld(): Promise<boolean>;
}

/**
 * How an attempt ended. `done` and `failed` are for good: a failure is one that every attempt would end in, such as a
 * wrong option. `released` gives the job back, to be done later: its worker was stopped, or what it writes is in use.
 * An attempt that throws may end otherwise next time: it is made again, `attempts` times at most.
 */
export type JobResult =
  | { readonly status: "done"; readonly record: JsonObject }
  | { readonly status: "failed"; readonly error: string }
  | { readonly status: "released" };

/** What happened to a job. */
export type JobEvent =
  | { readonly type: "queued"; readonly id: string }
  /** `worker`: host and process, for people. */
  | { readonly type: "leased"; readonly id: string; readonly attempt: number; readonly worker: string }
  | { readonly type: "progress"; readonly id: string; readonly attempt: number; readonly at: JobProgress }
  /** Its worker was not heard of in time, or gave it back, or threw: it is queued again. */
  | { readonly type: "lost"; readonly id: string; readonly attempt: number }
  | { readonly type: "done"; readonly id: string; readonly record: JsonObject }
  | { readonly type: "failed"; readonly id: string; readonly error: string }
  | { readonly type: "cancelled"; readonly id: string };

/** Does one attempt at a job. */
export type JobRun = (job: Job, lease: Lease) => Promise<JobResult>;

export interface WorkOptions {
  /** Ends the work: a job that is being done is asked to stop, and is given back. */
  readonly signal: AbortSignal;
  /** Jobs that need more are left to others. Undefined: any job will do. */
  readonly capacity?: JobCapacity;
}

/**
 * Hands out jobs. It knows who has which job and nothing else: results are in an `ArtefactStore` or in files, which
 * are the truth. The laws, which `testJobEngine` of `@blora/testing` holds an engine to:
 *
 * 1. A job that is submitted twice, by whomever, is one job.
 * 2. No two leases of a job are valid at the same time, and a later one has a greater `attempt`.
 * 3. A job whose worker dies is handed out again; being lost so is no fault of the job, and costs it no attempt.
 * 4. A worker that wakes up after its lease was lost is told so: `signal` is aborted and `heartbeat` says `stop` before
 *    it says anything else, and what its run returns is dropped. With `onceInStore` it writes nothing.
 * 5. A failure is never tried again, an attempt that throws is, and what was given back is.
 * 6. All an engine knows may be lost: who submits again gets every result, without a second run of what was done.
 */
export interface JobEngine {
  /** Queues jobs. One that is queued, being done or done stays as it is; one that failed or was cancelled is queued anew. */
  submit(jobs: readonly Job[]): Promise<void>;
  /**
   * Does jobs, one at a time, until the signal, and returns when the last one has ended. Several calls do several at
   * once. Rejects only where the engine itself cannot go on.
   */
  work(run: JobRun, options: WorkOptions): Promise<void>;
  /** First the present state of every job there is, as the event that led to it, then what happens, until it is returned or the engine closed. */
  events(): AsyncIterable<JobEvent>;
  /** Takes jobs out of the queue and asks those that do them to stop. Ids of jobs that have ended or are not there mean nothing. */
  cancel(ids: readonly string[]): Promise<void>;
  /** Ends the connections of this engine; jobs stay. Work is to be ended first, by its signal. */
  close(): Promise<void>;
}
