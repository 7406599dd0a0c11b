import type { Job, JobCapacity, JobProgress, JsonObject } from "@blora/spec";
import type { Job as BullJob } from "bullmq";

/** What the queue keeps of a job; its id is that of the queue's entry. */
export type JobData = Omit<Job, "id">;
export type QueuedJob = BullJob<JobData, JsonObject>;

/** What a worker tells of the job it does; at first only that it does it. */
export interface ToldProgress extends Partial<JobProgress> {
  readonly attempt: number;
  readonly worker: string;
}

export function jobOf({ id, data }: QueuedJob): Job {
  return { id: id!, ...data };
}

export function fits({ memoryBytes, threads, provider }: Job["needs"], capacity: JobCapacity | undefined): boolean {
  if (capacity === undefined) return true;
  const hasProvider = provider === undefined || capacity.providers.includes(provider);
  return memoryBytes <= capacity.memoryBytes && threads <= capacity.threads && hasProvider;
}
