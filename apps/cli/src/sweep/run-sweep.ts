import { type RunEvent, readRecords, type SweepRecord } from "@blora/runs";
import type { JobEngine, JobEvent, JobRun } from "@blora/spec";
import type { RunRequest } from "../run/request.ts";
import { onceInRecords } from "./once-in-records.ts";
import type { PlannedRun } from "./plan.ts";
import { plannedRunOf, trainingJob, trainingRun } from "./training-job.ts";

export interface SweepOptions {
  readonly plan: readonly PlannedRun[];
  /** Hands the runs out, to this process and others. */
  readonly engine: JobEngine;
  /** Runs at once. */
  readonly jobs: number;
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
  /** After every run, with all records there are and the error where it failed. */
  onEnd(run: PlannedRun, error: string | undefined, records: ReadonlyMap<string, SweepRecord>): Promise<void>;
}

export interface SweepEnd {
  /** All records there are, also earlier ones. */
  readonly records: ReadonlyMap<string, SweepRecord>;
  /** The signal that ended the sweep, where one did. */
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * Runs what is missing until a signal asks to stop. Runs of another sweep on the same folders are left to it, waited
 * for, and made here where it gives them up.
 */
export async function runSweep(options: SweepOptions): Promise<SweepEnd> {
  const { plan, engine, out, shared, onEnd } = options;
  const recorded = await readRecords(out);
  const missing = plan.filter(({ name }) => recorded.get(name)?.outcome.status !== "done");
  const jobs = missing.map((run) => trainingJob(run, shared));
  const left = new Map(jobs.map((job) => [job.id, plannedRunOf(job)]));
  if (left.size === 0) return { records: recorded, signal: undefined };
  await engine.submit(jobs);
  const work = startWork(options, left);
  const others = createOthers(left, work.own, options.onWait);
  for await (const event of engine.events()) {
    const run = left.get(event.id);
    if (run === undefined) continue;
    others.note(event);
    if (event.type !== "done" && event.type !== "failed") continue;
    left.delete(event.id);
    await onEnd(run, event.type === "failed" ? event.error : undefined, await readRecords(out));
    if (left.size === 0) work.stop();
  }
  return { signal: await work.ended, records: await readRecords(out) };
}

interface Work {
  /** Jobs that this process does now. */
  readonly own: ReadonlySet<string>;
  /** The signal that ended it, where one did. Then the engine is closed. */
  readonly ended: Promise<NodeJS.Signals | undefined>;
  stop(): void;
}

function startWork(options: SweepOptions, left: ReadonlyMap<string, PlannedRun>): Work {
  const { engine, jobs, out, runs, onStart, onEvent } = options;
  const stopping = new AbortController();
  const own = new Set<string>();
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
      return await recorded(job, lease);
    } finally {
      own.delete(job.id);
      if (signal !== undefined) stopping.abort();
    }
  };
  const working = Array.from({ length: jobs }, () => engine.work(run, { signal: stopping.signal }));
  const ended = Promise.all(working).then(() => signal);
  return { own, ended: ended.finally(() => engine.close()), stop: () => stopping.abort() };
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
