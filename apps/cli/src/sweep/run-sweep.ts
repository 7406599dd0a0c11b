import { join } from "node:path";
import { makeFolder } from "@blora/files";
import { localJobs } from "@blora/jobs-local";
import { type RunEvent, readRecords, type SweepRecord } from "@blora/runs";
import type { Job, JobEngine, JobEvent, JobRun } from "@blora/spec";
import { onceInRecords } from "./once-in-records.ts";
import type { PlannedRun } from "./plan.ts";
import { plannedRunOf, trainingRun } from "./training-job.ts";

export interface SweepOptions {
  /** Trainings. */
  readonly jobs: readonly Job[];
  /** Hands them out, to this process and others. Closed at the end. */
  readonly engine: JobEngine;
  /** Runs of this process at once. */
  readonly atOnce: number;
  /** Folder of the records. */
  readonly out: string;
  /** Folder of the run directories. */
  readonly runs: string;
  onStart(run: PlannedRun, left: number): void;
  onEvent(event: RunEvent): void;
  /** Told once, where all that is left is being run by other processes. */
  onWait(runs: readonly PlannedRun[]): void;
  /** After every run, with all records there are. */
  onEnd(run: PlannedRun, failure: RunFailure | undefined, records: ReadonlyMap<string, SweepRecord>): Promise<void>;
}

export interface RunFailure {
  readonly error: string;
  /** Whether every attempt would end in it, as this process found. */
  readonly isFinal: boolean;
}

export interface SweepEnd {
  /** All records there are, also earlier ones. */
  readonly records: ReadonlyMap<string, SweepRecord>;
  /** The signal that ended the sweep, where one did. */
  readonly signal: NodeJS.Signals | undefined;
}

/** Hands runs out to all processes that make them in one folder. */
export function sweepEngine(runs: string): JobEngine {
  return localJobs({ folder: join(runs, ".leases") });
}

/**
 * Runs what is missing until a signal asks to stop. Runs of another sweep on the same folders are left to it, waited
 * for, and made here where it gives them up.
 */
export async function runSweep(options: SweepOptions): Promise<SweepEnd> {
  const { engine, out, onEnd } = options;
  const recorded = await readRecords(out);
  const missing = options.jobs.filter((job) => recorded.get(plannedRunOf(job).name)?.outcome.status !== "done");
  const left = new Map(missing.map((job) => [job.id, plannedRunOf(job)]));
  if (left.size === 0) return { records: recorded, signal: undefined };
  // Before any run is made whose record would find no place.
  await makeFolder(out);
  await engine.submit(missing);
  const work = startWork(options, left);
  const others = createOthers(left, work.own, options.onWait);
  try {
    for await (const event of engine.events()) {
      const run = left.get(event.id);
      if (run === undefined) continue;
      if (event.type === "lost") work.own.delete(event.id);
      others.note(event);
      if (event.type !== "done" && event.type !== "failed") continue;
      left.delete(event.id);
      work.own.delete(event.id);
      const failure = event.type === "failed" ? { error: event.error, isFinal: work.final.has(event.id) } : undefined;
      await onEnd(run, failure, await readRecords(out));
      if (left.size === 0) work.stop();
    }
  } catch (error) {
    // The table was not to be written, on a full disk for example: runs would go on unheard, and look for more for ever.
    work.stop();
    await work.ended.catch(() => undefined);
    throw error;
  }
  return { signal: await work.ended, records: await readRecords(out) };
}

interface Work {
  /** Jobs that this process does now, or did and whose end is not read yet. */
  readonly own: Set<string>;
  /** Jobs that failed for good here. */
  readonly final: ReadonlySet<string>;
  /** The signal that ended it, where one did. Then the engine is closed. */
  readonly ended: Promise<NodeJS.Signals | undefined>;
  stop(): void;
}

function startWork(options: SweepOptions, left: ReadonlyMap<string, PlannedRun>): Work {
  const { engine, atOnce, out, runs, onStart, onEvent } = options;
  const stopping = new AbortController();
  const own = new Set<string>();
  const final = new Set<string>();
  let signal: NodeJS.Signals | undefined;
  const training = trainingRun({
    runs,
    onStart: (run) => onStart(run, left.size),
    onEvent,
    onSignal(received) {
      signal = received;
    },
  });
  const recorded = onceInRecords(out, training);
  const run: JobRun = async (job, lease) => {
    own.add(job.id);
    try {
      const result = await recorded(job, lease);
      if (result.status === "failed") final.add(job.id);
      if (result.status === "released") own.delete(job.id);
      return result;
    } finally {
      if (signal !== undefined) stopping.abort();
    }
  };
  const working = Array.from({ length: atOnce }, () => engine.work(run, { signal: stopping.signal }));
  const ended = Promise.all(working)
    .then(() => signal)
    .finally(() => engine.close());
  // Told to whoever awaits it, when the events have ended.
  ended.catch(() => undefined);
  return { own, final, ended, stop: () => stopping.abort() };
}

/** Finds out when all that is left is with other processes. */
function createOthers(
  left: ReadonlyMap<string, PlannedRun>,
  own: ReadonlySet<string>,
  onWait: (runs: readonly PlannedRun[]) => void,
): { note(event: JobEvent): void } {
  const others = new Set<string>();
  let isTold = false;
  return {
    note({ type, id }) {
      if (type === "leased" || type === "lost") others.add(id);
      if (isTold || own.size > 0 || ![...left.keys()].every((waiting) => others.has(waiting))) return;
      isTold = true;
      onWait([...left.values()]);
    },
  };
}
