import type { JobEvent, JsonObject } from "@blora/spec";
import { type Queue, QueueEvents, type JobProgress as Told } from "bullmq";
import type { Redis } from "ioredis";
import type { JobData, QueuedJob, ToldProgress } from "./queued-job.ts";

/** Attempts as far as they were told, so that each is told once. */
type Attempts = Map<string, { readonly attempt: number; readonly isOver: boolean }>;

/** The state of every job as the event that led to it, then what happens, until it is returned. */
export async function* eventsOf(
  client: Redis,
  queue: Queue<JobData, JsonObject>,
  { cancelled, closed }: { readonly cancelled: string; readonly closed: AbortSignal },
): AsyncGenerator<JobEvent, void> {
  const attempts: Attempts = new Map();
  const told: JobEvent[] = [];
  let wake = (): void => undefined;
  const tell = (events: readonly JobEvent[]): void => {
    told.push(...events);
    wake();
  };
  // What happens from here on is not missed while the states are read; some of it is in them already.
  const [last] = await client.xrevrange(`bull:${queue.name}:events`, "+", "-", "COUNT", 1);
  const events = new QueueEvents(queue.name, { connection: client.duplicate(), lastEventId: last?.[0] ?? "0-0" });
  events.on("error", () => undefined);
  subscribe(events, attempts, tell);
  const end = (): void => wake();
  closed.addEventListener("abort", end, { once: true });
  try {
    tell((await client.smembers(cancelled)).map((id) => ({ type: "cancelled", id })));
    tell(await statesOf(queue, attempts));
    while (!closed.aborted) {
      const next = told.shift();
      if (next !== undefined) yield next;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    closed.removeEventListener("abort", end);
    await events.close().catch(() => undefined);
  }
}

function subscribe(events: QueueEvents, attempts: Attempts, tell: (events: readonly JobEvent[]) => void): void {
  events.on("waiting", ({ jobId: id, prev }) => {
    const known = attempts.get(id);
    if (prev !== "active") {
      // A server that lost all it knew counts anew.
      attempts.delete(id);
      return tell([{ type: "queued", id }]);
    }
    // One that did not fit was never begun.
    if (known === undefined || known.isOver) return;
    attempts.set(id, { ...known, isOver: true });
    tell([{ type: "lost", id, attempt: known.attempt }]);
  });
  events.on("progress", ({ jobId: id, data }) => tell(progressEvents(id, data, attempts)));
  events.on("completed", ({ jobId: id, returnvalue }) => {
    tell([{ type: "done", id, record: returnvalue as unknown as JsonObject }]);
  });
  events.on("failed", ({ jobId: id, failedReason }) => tell([{ type: "failed", id, error: failedReason }]));
  events.on("removed", ({ jobId: id }) => tell([{ type: "cancelled", id }]));
}

/** The first word of an attempt says who has it. */
function progressEvents(id: string, told: Told, attempts: Attempts): JobEvent[] {
  if (!isTold(told)) return [];
  const { attempt, worker, step, steps } = told;
  const known = attempts.get(id);
  if (known !== undefined && (known.attempt > attempt || (known.attempt === attempt && known.isOver))) return [];
  attempts.set(id, { attempt, isOver: false });
  const leased: JobEvent[] = known?.attempt === attempt ? [] : [{ type: "leased", id, attempt, worker }];
  if (step === undefined) return leased;
  return [...leased, { type: "progress", id, attempt, at: { step, ...(steps !== undefined && { steps }) } }];
}

function isTold(told: unknown): told is ToldProgress {
  return typeof told === "object" && told !== null && "attempt" in told && "worker" in told;
}

async function statesOf(queue: Queue<JobData, JsonObject>, attempts: Attempts): Promise<JobEvent[]> {
  const [waiting, active, completed, failed] = (await Promise.all([
    queue.getRanges(["waiting", "delayed"], 0, -1),
    queue.getJobs(["active"]),
    queue.getJobs(["completed"]),
    queue.getJobs(["failed"]),
  ])) as [string[], QueuedJob[], QueuedJob[], QueuedJob[]];
  return [
    ...waiting.map((id): JobEvent => ({ type: "queued", id })),
    ...active.filter(isThere).flatMap(({ id, progress }): JobEvent[] => {
      return isTold(progress) ? progressEvents(id!, progress, attempts) : [{ type: "queued", id: id! }];
    }),
    ...completed
      .filter(isThere)
      .map(({ id, returnvalue }): JobEvent => ({ type: "done", id: id!, record: returnvalue })),
    ...failed
      .filter(isThere)
      .map(({ id, failedReason }): JobEvent => ({ type: "failed", id: id!, error: failedReason })),
  ];
}

/** A job that was removed while the list was read is in it without anything. */
function isThere(job: QueuedJob | undefined): job is QueuedJob {
  return job?.id !== undefined;
}
