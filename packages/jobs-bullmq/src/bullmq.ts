import { once } from "node:events";
import { definePlugin, type Job, type JobEngine, type JsonObject, type Plugin } from "@blora/spec";
import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { z } from "zod";
import { accessOf, PORT, parseQueueAddress, type QueueAccess } from "./address.ts";
import { createConnection, unlessRefused } from "./connection.ts";
import type { JobData } from "./queued-job.ts";

export interface BullmqOptions {
  /** Host name or address of a server of Valkey 7.2 or Redis 6.2, or later. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 6379. */
  readonly port?: number | undefined;
  /** Whether the connection is encrypted. Default no. */
  readonly tls?: boolean | undefined;
  /** Number of the server's database. Default 0. */
  readonly database?: number | undefined;
  /** Keeps the jobs of several projects on one server apart. Default `blora`. */
  readonly queue?: string | undefined;
  /** How often a job that throws is tried; being lost with its worker costs none. Default 3. */
  readonly attempts?: number | undefined;
  /** Seconds after which a worker that is not heard of loses its job. Default 60. */
  readonly leaseSeconds?: number | undefined;
}

const optionsSchema = z
  .strictObject({
    host: z.string().min(1).optional(),
    port: z.int().min(1).max(65_535).optional(),
    tls: z.boolean().optional(),
    database: z.int().min(0).optional(),
    queue: z
      .string()
      .regex(/^[A-Za-z0-9._-]+$/)
      .optional(),
    attempts: z.int().positive().optional(),
    leaseSeconds: z.number().min(0.5).optional(),
  })
  .optional();

export interface BullmqParts {
  /** Else of the environment: `BLORA_QUEUE_USERNAME`, `BLORA_QUEUE_PASSWORD`. Never part of a manifest. */
  readonly access?: QueueAccess;
  /** Told where the server is not to be reached, and where it is again. */
  readonly onNote?: (note: string) => void;
}

/** A worker asks an empty queue every second: 1,000 of them are 1,000 small questions a second. */
const POLL_MILLISECONDS = 1000;
const RENEWALS = 12;
const PROGRESS_MILLISECONDS = 1000;
/** What watchers that are slow may be behind; about 100 MB of the server's memory at most. */
const MOST_EVENTS = 100_000;
/** Jobs of one request. */
const BATCH = 500;

/**
 * Jobs in a queue of BullMQ, on a server of Valkey or Redis: any number of workers anywhere. A worker holds a lock that
 * it renews; where it is not heard of, the job goes to another.
 */
export const bullmq: Plugin<"jobs", "bullmq", BullmqOptions | undefined, JobEngine> = definePlugin({
  kind: "jobs",
  id: "bullmq",
  packageName: "@blora/jobs-bullmq",
  optionsSchema,
  create: (options) => createBullmq(options),
});

/** `bullmq` with what it takes from its surroundings. */
export function createBullmq(
  { queue: name = "blora", attempts = 3, leaseSeconds = 60, ...place }: BullmqOptions = {},
  { access = accessOf(process.env), onNote = () => undefined }: BullmqParts = {},
): JobEngine {
  const { host = "127.0.0.1", port = PORT, tls = false, database = 0 } = place;
  const connection = createConnection({ host, port, tls, database }, access, onNote);
  const lease = 1000 * leaseSeconds;
  const times = { lease, renewal: lease / RENEWALS, progress: Math.min(PROGRESS_MILLISECONDS, lease) };
  const cancelled = `bull:${name}:cancelled`;
  const closed = new AbortController();
  let opened: Queue<JobData, JsonObject> | undefined;
  const queue = async (): Promise<Queue<JobData, JsonObject>> => {
    const client = await connection.client();
    if (opened !== undefined) return opened;
    const { Queue } = await import("bullmq");
    opened ??= new Queue<JobData, JsonObject>(name, {
      connection: client,
      streams: { events: { maxLen: MOST_EVENTS } },
      defaultJobOptions: { attempts, removeOnComplete: false, removeOnFail: false },
    });
    opened.on("error", () => undefined);
    return opened;
  };
  const submit = async (jobs: readonly Job[]): Promise<void> => {
    const client = await connection.client();
    const entries = await queue();
    for (const batch of batchesOf(jobs)) {
      await client.srem(cancelled, ...batch.map(({ id }) => id));
      const absent = await absentOf(client, name, batch);
      // An id that somebody else adds meanwhile is left as it is.
      await entries.addBulk(absent.map(({ id, ...data }) => ({ name: "job", data, opts: { jobId: id } })));
      // Of many at once nobody tells which were refused, of one the server says why.
      for (const { id, ...data } of await absentOf(client, name, absent)) await entries.add("job", data, { jobId: id });
    }
    const ids = new Set(jobs.map(({ id }) => id));
    const failed = (await entries.getRanges(["failed"], 0, -1)).filter((id) => ids.has(id));
    for (const id of failed) {
      const job = await entries.getJob(id);
      // Somebody else may do the same at this moment.
      await job?.retry("failed", { resetAttemptsMade: true }).catch(() => undefined);
    }
  };
  const cancel = async (ids: readonly string[]): Promise<void> => {
    const client = await connection.client();
    const entries = await queue();
    const cancelOne = async (id: string): Promise<void> => {
      const job = await entries.getJob(id);
      const state = await job?.getState();
      if (state !== "waiting" && state !== "active" && state !== "delayed") return;
      // Its worker finds its lock gone, and stops.
      await client.multi().del(`bull:${name}:${id}:lock`).sadd(cancelled, id).exec();
      await job?.remove();
    };
    for (const batch of batchesOf(ids)) await Promise.all(batch.map(cancelOne));
  };
  return {
    submit: (jobs) => unlessRefused(connection.name, submit(jobs)),
    async work(run, options) {
      const client = await untilAborted(() => connection.client(), options.signal);
      if (client === undefined) return;
      await queue();
      const { workOn } = await import("./work.ts");
      const poll = Math.min(POLL_MILLISECONDS, lease / 4);
      await workOn({ client, queue: name, server: connection.name, times, poll, onNote }, run, options);
    },
    async *events() {
      const { eventsOf } = await import("./events.ts");
      yield* eventsOf(await connection.client(), await queue(), { cancelled, closed: closed.signal });
    },
    cancel: (ids) => unlessRefused(connection.name, cancel(ids)),
    async close() {
      closed.abort();
      await opened?.close().catch(() => undefined);
      connection.close();
    },
  };
}

/** Undefined where the signal comes first. */
async function untilAborted<Value>(begin: () => Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  if (signal.aborted) return undefined;
  const done = new AbortController();
  const aborted = once(signal, "abort", { signal: done.signal }).then(
    () => undefined,
    () => undefined,
  );
  return Promise.race([begin(), aborted]).finally(() => done.abort());
}

/** The engine an address names, such as `rediss://user:password@host:6379/0`; the password goes nowhere else. */
export function openBullmq(
  address: string,
  options: Pick<BullmqOptions, "queue" | "attempts" | "leaseSeconds"> = {},
  parts: Omit<BullmqParts, "access"> = {},
): JobEngine {
  const { place, access } = parseQueueAddress(address);
  return createBullmq({ ...place, ...options }, { ...parts, access });
}

/** Those that the queue does not hold: one that is there would be sent again, and told to every watcher. */
async function absentOf(client: Redis, queue: string, jobs: readonly Job[]): Promise<readonly Job[]> {
  if (jobs.length === 0) return [];
  const questions = client.pipeline();
  for (const { id } of jobs) questions.exists(`bull:${queue}:${id}`);
  const answers = (await questions.exec()) ?? [];
  return jobs.filter((_, index) => answers[index]?.[1] !== 1);
}

function* batchesOf<Value>(values: readonly Value[]): Generator<readonly Value[]> {
  for (let start = 0; start < values.length; start += BATCH) yield values.slice(start, start + BATCH);
}
