import { setTimeout as sleep } from "node:timers/promises";
import type { JobProgress, Lease } from "@blora/spec";
import type { QueuedJob } from "./queued-job.ts";

/** What keeps a lease, in milliseconds. */
export interface LeaseTimes {
  /** After which the server gives the job to another, unless it is renewed. */
  readonly lease: number;
  readonly renewal: number;
  /** Of telling how far a job is, at most so often. */
  readonly progress: number;
}

export interface HeldLease extends Lease {
  /** Whether the job is another's by now. */
  readonly isLost: boolean;
  /** Tells how far it came, where that was not told yet. */
  flush(): void;
  /** Stops renewing. */
  end(): void;
}

export interface LeaseParts {
  readonly attempt: number;
  readonly times: LeaseTimes;
  /** Host and process, for people. */
  readonly worker: string;
  /** Aborts where the worker is to end. */
  readonly ended: AbortSignal;
}

/**
 * Renews the lock of a job until `end`, and aborts where it is lost. Nothing here asks a wall clock what time it is:
 * the server counts down the lock, and this process only how long it has not heard of it.
 */
export function holdLease(job: QueuedJob, token: string, { attempt, times, worker, ended }: LeaseParts): HeldLease {
  const controller = new AbortController();
  let isLost = false;
  let renewed = now();
  let renewing: Promise<void> | undefined;
  let told = now();
  let untold: JobProgress | undefined;

  const abort = (): void => controller.abort();
  ended.addEventListener("abort", abort, { once: true });
  if (ended.aborted) abort();

  const renew = (): Promise<void> => {
    renewing ??= (async () => {
      const asked = now();
      try {
        if (await job.extendLock(token, times.lease)) renewed = asked;
        else isLost = true;
      } catch {
        // The server does not answer: whose the job is will be known when it does.
      }
      if (isLost) abort();
      renewing = undefined;
    })();
    return renewing;
  };
  const timer = setInterval(renew, times.renewal);
  // What people see: where it is late or lost, nothing else changes.
  const tell = (at: Partial<JobProgress>): void => {
    [told, untold] = [now(), undefined];
    void job.updateProgress({ attempt, worker, ...at }).catch(() => undefined);
  };
  tell({});
  let isFirst = true;

  return {
    attempt,
    signal: controller.signal,
    get isLost() {
      return isLost;
    },
    async heartbeat(at) {
      // A process that was stopped for a while wakes up here: it asks before it believes.
      while (!isLost && !controller.signal.aborted && since(renewed) > times.lease / 2) {
        await renew();
        if (since(renewed) > times.lease / 2 && !isLost) await pause(times.renewal / 4, controller.signal);
      }
      if (isLost || controller.signal.aborted) return "stop";
      untold = at;
      if (isFirst || since(told) >= times.progress) tell(at);
      isFirst = false;
      return "keep";
    },
    async isHeld() {
      // Asked anew, though not for as long as a server takes to come back: the worker may be about to end.
      if (!isLost) await Promise.race([renew(), sleep(times.renewal, undefined, { ref: false })]);
      return !isLost && since(renewed) <= times.lease / 2;
    },
    flush() {
      if (untold !== undefined && !isLost) tell(untold);
    },
    end() {
      clearInterval(timer);
      ended.removeEventListener("abort", abort);
    },
  };
}

/** A machine that sleeps stops one of the clocks, and somebody may set the other: the longer time is believed. */
interface Elapsed {
  readonly monotonic: number;
  readonly wall: number;
}

function now(): Elapsed {
  return { monotonic: performance.now(), wall: Date.now() };
}

function since({ monotonic, wall }: Elapsed): number {
  return Math.max(performance.now() - monotonic, Date.now() - wall);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}
