import type { Job, JobCapacity, JobEvent } from "@blora/spec";

/** What is known of a job that was submitted here. */
export interface Entry {
  readonly job: Job;
  /** The last event: what state it is in. */
  last: JobEvent;
  /** Whether this process has it, or is trying to get it. */
  isBusy: boolean;
  isCancelled: boolean;
  /** When to ask for it again, by a clock that never jumps. */
  notBefore: number;
  /** Attempts that threw. */
  thrown: number;
  /** Asks the run that does it to stop. */
  stop: () => void;
}

export function newEntry(job: Job): Entry {
  const last: JobEvent = { type: "queued", id: job.id };
  return { job, last, isBusy: false, isCancelled: false, notBefore: 0, thrown: 0, stop: () => undefined };
}

/** Whether submitting it again changes nothing. */
export function stays({ last: { type } }: Entry): boolean {
  return type !== "failed" && type !== "cancelled";
}

export function hasEnded(entry: Entry): boolean {
  return entry.last.type === "done" || !stays(entry);
}

/** Whether it may be asked for now by a machine that has this. */
export function isOpen(entry: Entry, capacity: JobCapacity | undefined): boolean {
  const isWaiting = !entry.isBusy && !hasEnded(entry) && entry.notBefore <= performance.now();
  return isWaiting && fits(entry.job, capacity);
}

function fits({ needs }: Job, capacity: JobCapacity | undefined): boolean {
  if (capacity === undefined) return true;
  const { memoryBytes, threads, providers } = capacity;
  const hasProvider = needs.provider === undefined || providers.includes(needs.provider);
  return needs.memoryBytes <= memoryBytes && needs.threads <= threads && hasProvider;
}
