import { hostname } from "node:os";
import {
  definePlugin,
  type JobCapacity,
  type JobEngine,
  type JobEvent,
  type JobResult,
  type JobRun,
  type Plugin,
} from "@blora/spec";
import { z } from "zod";
import { type Entry, hasEnded, isOpen, newEntry, stays } from "./entry.ts";
import { createFeed } from "./feed.ts";
import { createLeases, type HeldLease } from "./leases.ts";
import { createSleepers } from "./sleepers.ts";

export interface LocalJobsOptions {
  /** Where leases are kept: processes that share it, on one machine or through a network, never do one job at a time. */
  readonly folder: string;
  /** How often a job that throws is tried. Default 1. */
  readonly attempts?: number | undefined;
}

const optionsSchema = z.strictObject({ folder: z.string().min(1), attempts: z.int().positive().optional() });

/** Milliseconds until a job that another process has, or that was given back, is asked for again. */
const PATIENCE = 2000;
/** Milliseconds between looks at a lease, besides those of every heartbeat. */
const WATCH = 2000;

/**
 * Jobs that the processes which submitted them do themselves, in that order. All who submit the same jobs and name the
 * same folder share the work: each job is done by one of them, and by another where that one dies.
 */
export const localJobs: Plugin<"jobs", "local", LocalJobsOptions, JobEngine> = definePlugin({
  kind: "jobs",
  id: "local",
  packageName: "@blora/jobs-local",
  optionsSchema,
  create: createLocalJobs,
});

/** What an attempt came to: what its run returned, or threw. */
type Ending = JobResult | { readonly status: "thrown"; readonly error: string };

function createLocalJobs({ folder, attempts = 1 }: LocalJobsOptions): JobEngine {
  const entries = new Map<string, Entry>();
  const leases = createLeases(folder);
  const feed = createFeed<JobEvent>();
  const sleepers = createSleepers();

  const tell = (entry: Entry, event: JobEvent): void => {
    entry.last = event;
    feed.push(event);
  };

  /** The lease of a job; undefined where another process has it, or it was cancelled meanwhile. */
  const takeLease = async (entry: Entry): Promise<HeldLease | undefined> => {
    const { id } = entry.job;
    const found = await leases.take(id);
    if (entry.isCancelled) {
      if ("release" in found) await found.release();
      tell(entry, { type: "cancelled", id });
      return undefined;
    }
    const { attempt } = found;
    if ("release" in found) {
      // That of another process has ended, and not the job.
      if (entry.last.type === "leased" && attempt > 1) tell(entry, { type: "lost", id, attempt: attempt - 1 });
      return found;
    }
    entry.notBefore = performance.now() + PATIENCE;
    const isTold = entry.last.type === "leased" && entry.last.attempt === attempt;
    if (!isTold) tell(entry, { type: "leased", id, attempt, worker: found.worker });
    return undefined;
  };

  /** Does the first job that is free and fits; false where there is none. */
  const doNext = async (run: JobRun, signal: AbortSignal, capacity: JobCapacity | undefined): Promise<boolean> => {
    for (const entry of entries.values()) {
      if (signal.aborted) return false;
      if (!isOpen(entry, capacity)) continue;
      entry.isBusy = true;
      try {
        const lease = await takeLease(entry);
        if (lease === undefined) continue;
        await settle(entry, lease, await attempt(entry, lease, run, signal));
        return true;
      } finally {
        entry.isBusy = false;
      }
    }
    return false;
  };

  const attempt = async (entry: Entry, lease: HeldLease, run: JobRun, signal: AbortSignal): Promise<Ending> => {
    const { id } = entry.job;
    const number = lease.attempt;
    const stopping = new AbortController();
    entry.stop = () => stopping.abort();
    signal.addEventListener("abort", entry.stop);
    const look = (): void => {
      if (!lease.isHeld()) stopping.abort();
    };
    const watch = setInterval(look, WATCH);
    tell(entry, { type: "leased", id, attempt: number, worker: `${hostname()}:${process.pid}` });
    try {
      return await run(entry.job, {
        attempt: number,
        signal: stopping.signal,
        async heartbeat(at) {
          look();
          if (stopping.signal.aborted) return "stop";
          tell(entry, { type: "progress", id, attempt: number, at });
          return "keep";
        },
        isHeld: async () => lease.isHeld() && !entry.isCancelled,
      });
    } catch (error) {
      // Who was asked to stop may end as it likes.
      if (stopping.signal.aborted) return { status: "released" };
      return { status: "thrown", error: error instanceof Error ? error.message : String(error) };
    } finally {
      clearInterval(watch);
      signal.removeEventListener("abort", entry.stop);
      entry.stop = () => undefined;
    }
  };

  const settle = async (entry: Entry, lease: HeldLease, ending: Ending): Promise<void> => {
    const { id } = entry.job;
    const final = lease.isHeld() ? finalEvent(entry, ending) : undefined;
    await (final === undefined ? lease.release() : lease.end());
    if (final !== undefined) return tell(entry, final);
    if (entry.isCancelled) return tell(entry, { type: "cancelled", id });
    if (ending.status !== "thrown") entry.notBefore = performance.now() + PATIENCE;
    tell(entry, { type: "lost", id, attempt: lease.attempt });
  };

  /** How a job ends with an ending that counts; undefined where it is to be done again. */
  const finalEvent = (entry: Entry, ending: Ending): JobEvent | undefined => {
    const { id } = entry.job;
    if (ending.status === "done") return { type: "done", id, record: ending.record };
    if (ending.status === "failed") return { type: "failed", id, error: ending.error };
    if (ending.status === "released") return undefined;
    entry.thrown += 1;
    return entry.thrown < attempts ? undefined : { type: "failed", id, error: ending.error };
  };

  return {
    async submit(jobs) {
      for (const job of jobs) {
        const known = entries.get(job.id);
        if (known !== undefined && stays(known)) continue;
        const entry = newEntry(job);
        entries.set(job.id, entry);
        feed.push(entry.last);
      }
      sleepers.wake();
    },
    async work(run, { signal, capacity }) {
      while (!signal.aborted) {
        const calls = sleepers.calls();
        if (!(await doNext(run, signal, capacity))) await sleepers.sleep(PATIENCE, signal, calls);
      }
    },
    events: () => feed.open([...entries.values()].map(({ last }) => last)),
    async cancel(ids) {
      for (const id of ids) {
        const entry = entries.get(id);
        if (entry === undefined || hasEnded(entry)) continue;
        entry.isCancelled = true;
        if (entry.isBusy) entry.stop();
        else tell(entry, { type: "cancelled", id });
      }
    },
    async close() {
      feed.end();
    },
  };
}
