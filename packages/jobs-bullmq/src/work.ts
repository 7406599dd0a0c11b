import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobResult, JobRun, JsonObject, WorkOptions } from "@blora/spec";
import { UnrecoverableError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { refusalOf } from "./connection.ts";
import { type HeldLease, holdLease, type LeaseTimes } from "./lease.ts";
import { fits, type JobData, jobOf, type QueuedJob } from "./queued-job.ts";

export interface WorkPlace {
  readonly client: Redis;
  readonly queue: string;
  /** As messages name it. */
  readonly server: string;
  readonly times: LeaseTimes;
  /** Between two looks at an empty queue, in milliseconds. */
  readonly poll: number;
  /** Told where the server refuses to hand jobs out, and where it does again. */
  readonly onNote: (note: string) => void;
}

/** A worker that dies takes no attempt from its job, however often: checkpoints make the next one cheap. */
const MOST_STALLS = 1_000_000;
/** How long a worker that is to end waits for the server to take back its job; else its lease runs out. */
const LAST_WAIT_MILLISECONDS = 5000;
/** Most milliseconds until a worker looks again at jobs of which none was for it. */
const LONGEST_REST_MILLISECONDS = 30_000;
/** What the server says where a job is no longer this worker's. */
const NOT_OURS = /^(Missing (lock|key) for job|Lock mismatch for job|Job .* is not in the)/;

/** Puts a job that is in front of the queue at its end, so that another is next. */
const TO_THE_END = `if redis.call("LREM", KEYS[1], -1, ARGV[1]) > 0 then redis.call("LPUSH", KEYS[1], ARGV[1]) end`;

/** Takes jobs one at a time, until the signal. */
export async function workOn(place: WorkPlace, run: JobRun, { signal, capacity }: WorkOptions): Promise<void> {
  const { client, queue, times, poll } = place;
  const worker = new Worker<JobData, JsonObject>(queue, null, {
    connection: client,
    lockDuration: times.lease,
    stalledInterval: times.lease / 4,
    maxStalledCount: MOST_STALLS,
  });
  // Connections are taken up again, and the loop below asks again: no error of the worker is one of ours.
  worker.on("error", () => undefined);
  await worker.startStalledCheckTimer();
  /** Jobs given back since the queue was last waited for. */
  const left = new Set<string>();
  const rest = async (): Promise<void> => {
    // To find that none of many is for it, a worker takes and gives back each.
    const milliseconds = Math.min(LONGEST_REST_MILLISECONDS, poll * Math.max(1, left.size));
    left.clear();
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  };
  const handedOut = handingOut(place);
  try {
    while (!signal.aborted) {
      const token = randomUUID();
      const next: Promise<QueuedJob | undefined> = worker.getNextJob(token, { block: false });
      const job = await unlessEnded(next, signal).then(handedOut.again, handedOut.refused);
      if (job === undefined) {
        await rest();
        continue;
      }
      if (left.has(job.id!) || !fits(job.data.needs, capacity)) {
        // Where that fails its lease runs out.
        await unlessEnded(giveBack(place, job, token), signal).catch(() => undefined);
        if (left.has(job.id!)) await rest();
        else left.add(job.id!);
        continue;
      }
      const number = await unlessEnded(client.hincrby(`bull:${queue}:attempts`, job.id!, 1), signal).catch(
        () => undefined,
      );
      if (number === undefined) continue;
      const ending = await attempt(place, { job, token, number }, { run, ended: signal });
      if (ending === "released") left.add(job.id!);
    }
  } finally {
    await worker.close(true);
  }
}

/** Tells once where the server refuses to hand jobs out: a worker would wait for ever beside a full queue. */
function handingOut({ server, onNote }: WorkPlace) {
  let refusal: string | undefined;
  return {
    refused(error: unknown): undefined {
      const found = refusalOf(error);
      if (found !== undefined && found !== refusal) onNote(`${server} hands out no jobs (${found}): waiting for it.`);
      refusal = found ?? refusal;
    },
    again<Value>(job: Value): Value {
      if (refusal !== undefined) onNote(`${server} hands out jobs again.`);
      refusal = undefined;
      return job;
    },
  };
}

interface Taken {
  readonly job: QueuedJob;
  readonly token: string;
  /** Of the attempt. */
  readonly number: number;
}

async function attempt(
  place: WorkPlace,
  { job, token, number }: Taken,
  { run, ended }: { readonly run: JobRun; readonly ended: AbortSignal },
): Promise<JobResult["status"] | "lost" | "thrown"> {
  const lease = holdLease(job, token, {
    attempt: number,
    times: place.times,
    worker: `${hostname()}:${process.pid}`,
    ended,
  });
  try {
    const result = await run(jobOf(job), lease);
    lease.flush();
    const settle = (): Promise<unknown> => {
      if (result.status === "done") return job.moveToCompleted(result.record, token, false);
      if (result.status === "failed") return job.moveToFailed(new UnrecoverableError(result.error), token, false);
      return giveBack(place, job, token);
    };
    return (await settled(settle, lease, { place, ended })) ? result.status : "lost";
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    return (await settled(() => job.moveToFailed(reason, token, false), lease, { place, ended })) ? "thrown" : "lost";
  } finally {
    lease.end();
  }
}

/** Tells the server how an attempt ended, for as long as the job is this worker's; false where it is not. */
async function settled(
  settle: () => Promise<unknown>,
  lease: HeldLease,
  { place, ended }: { readonly place: WorkPlace; readonly ended: AbortSignal },
): Promise<boolean> {
  while (!lease.isLost) {
    try {
      await unlessEnded(settle(), ended);
      return true;
    } catch (error) {
      if (ended.aborted || NOT_OURS.test((error as Error).message)) return false;
      await sleep(place.poll);
    }
  }
  return false;
}

/** What a worker that is to end no longer waits for rejects. */
function unlessEnded<Value>(work: Promise<Value>, ended: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const limit = (): void => {
      timer = setTimeout(() => reject(new Error("The server does not answer.")), LAST_WAIT_MILLISECONDS);
    };
    if (ended.aborted) limit();
    else ended.addEventListener("abort", limit, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      ended.removeEventListener("abort", limit);
    };
    work.then(resolve, reject).finally(done);
  });
}

/** Back into the queue, behind all others. */
async function giveBack({ client, queue }: WorkPlace, job: QueuedJob, token: string): Promise<void> {
  await job.moveToWait(token);
  await client.eval(TO_THE_END, 1, `bull:${queue}:wait`, job.id!);
}
