import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openBullmq } from "@blora/jobs-bullmq";
import type { Job } from "@blora/spec";
import { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import type { DoneJob, FromLoadWorker, Mode, ToLoadWorker, WorkerTask } from "./load-worker.ts";
import { queueInfo } from "./queue-info.ts";
import { now, type Percentiles, percentilesOf } from "./statistics.ts";

export interface LoadOptions {
  readonly redis: Redis;
  readonly url: string;
  readonly jobs: number;
  readonly workers: number;
  readonly processes: number;
  /** What a job says, beside its number, and gives. */
  readonly data: { readonly recipe: string };
  readonly record: { readonly summary: string };
}

export interface LoadResult {
  readonly submitSeconds: number;
  readonly jobsPerSecond: number;
  /** From the end of a job to the beginning of the worker's next. */
  readonly betweenMilliseconds: Percentiles;
  /** From the end of a job to when who submitted it was told. */
  readonly toldMilliseconds: Percentiles;
  /** From submitting one job to its beginning, where all workers wait. */
  readonly wakeMilliseconds: Percentiles;
  /** Until a watcher that comes when all is done knows of every job; undefined for BullMQ, which has no such thing. */
  readonly lateWatchSeconds: number | undefined;
  /** Per job, of the server's one processor, of all workers, and of who submits and watches. */
  readonly processorMilliseconds: { readonly server: number; readonly workers: number; readonly submitter: number };
  readonly commandsPerJob: number;
  readonly server: { readonly queuedBytes: number; readonly doneBytes: number };
  readonly peakRssBytesOfWorkers: readonly number[];
  readonly jobsOfWorkers: readonly number[];
  /** Jobs that nobody did, did more than once, or that were told of more or less than once. */
  readonly lost: number;
  readonly doubled: number;
  readonly toldWrongly: number;
}

/** Who submits, and hears of every job that is done. */
interface Submitter {
  submit(jobs: readonly Job[]): Promise<void>;
  close(): Promise<void>;
}

const SINGLE_JOBS = 30;
const PAUSE_MILLISECONDS = 250;
const LIMIT_MILLISECONDS = 300_000;
/** What a watcher may be behind, as ours. */
const MOST_EVENTS = 100_000;

export async function loadRun(mode: Mode, options: LoadOptions): Promise<LoadResult> {
  const { redis, jobs: count, workers } = options;
  const queue = `load-${mode}`;
  const told = new Map<string, number[]>();
  const submitter = (mode === "ours" ? submitterOfOurs : submitterOfBare)(queue, options.url, (id) => {
    told.set(id, [...(told.get(id) ?? []), now()]);
  });
  const jobs = Array.from({ length: count }, (_, index) => jobOf(`${queue}/${index}`, options));
  const empty = await queueInfo(redis);
  const began = performance.now();
  await submitter.submit(jobs);
  const submitSeconds = (performance.now() - began) / 1000;
  const queued = await queueInfo(redis);

  const processes = await startProcesses(mode, queue, options);
  const own = process.cpuUsage();
  const before = await queueInfo(redis);
  for (const child of processes) child.send("start" satisfies ToLoadWorker);
  for (const limit = performance.now() + LIMIT_MILLISECONDS; told.size < count; await sleep(20)) {
    if (performance.now() > limit) throw new Error(`expected ${count} jobs to be done, was told of ${told.size}`);
  }
  const after = await queueInfo(redis);
  const { user, system } = process.cpuUsage(own);
  const lateWatchSeconds = mode === "ours" ? await lateWatch(queue, options.url, count) : undefined;

  const single = await submitOneByOne(submitter, told, options, queue);
  const ends = await Promise.all(processes.map(endProcess));
  await submitter.close();
  const done = ends.flatMap(({ jobs }) => jobs);
  const bulk = done.filter(({ id }) => !single.has(id));
  const doneIds = new Set(bulk.map(({ id }) => id));
  const seconds = (lastOf(bulk) - Math.min(...bulk.map(({ taken }) => taken))) / 1000;
  return {
    submitSeconds,
    jobsPerSecond: count / seconds,
    betweenMilliseconds: percentilesOf(betweenOf(bulk)),
    toldMilliseconds: percentilesOf(bulk.map(({ id, ended }) => told.get(id)![0]! - ended)),
    wakeMilliseconds: percentilesOf(done.flatMap(({ id, taken }) => (single.has(id) ? [taken - single.get(id)!] : []))),
    lateWatchSeconds,
    processorMilliseconds: {
      server: (1000 * (after.processorSeconds - before.processorSeconds)) / count,
      workers: (1000 * ends.reduce((sum, end) => sum + end.processorSeconds, 0)) / done.length,
      submitter: (user + system) / 1000 / count,
    },
    commandsPerJob: (after.commands - before.commands) / count,
    server: { queuedBytes: queued.usedBytes - empty.usedBytes, doneBytes: after.usedBytes - empty.usedBytes },
    peakRssBytesOfWorkers: ends.map(({ peakRssBytes }) => peakRssBytes),
    jobsOfWorkers: jobsOfWorkers(bulk, workers),
    lost: jobs.filter(({ id }) => !doneIds.has(id)).length,
    doubled: bulk.length - doneIds.size,
    toldWrongly: [...told.values()].filter(({ length }) => length !== 1).length,
  };
}

function jobOf(name: string, { data }: LoadOptions): Job {
  const id = createHash("sha256").update(name).digest("hex");
  return { id, manifest: { name, ...data }, needs: { memoryBytes: 0, threads: 1 }, inputs: [] };
}

function submitterOfOurs(queue: string, url: string, onDone: (id: string) => void): Submitter {
  const engine = openBullmq(url, { queue });
  const watching = (async () => {
    for await (const event of engine.events()) if (event.type === "done") onDone(event.id);
  })();
  return {
    submit: (jobs) => engine.submit(jobs),
    async close() {
      await engine.close();
      await watching;
    },
  };
}

function submitterOfBare(queue: string, url: string, onDone: (id: string) => void): Submitter {
  const connection = connectionOf(url);
  const entries = new Queue(queue, { connection, streams: { events: { maxLen: MOST_EVENTS } } });
  const events = new QueueEvents(queue, { connection });
  events.on("completed", ({ jobId }) => onDone(jobId));
  return {
    async submit(jobs) {
      await events.waitUntilReady();
      await entries.addBulk(jobs.map(({ id, ...data }) => ({ name: "job", data, opts: { jobId: id } })));
    },
    async close() {
      await events.close();
      await entries.close();
    },
  };
}

function connectionOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

async function startProcesses(mode: Mode, queue: string, options: LoadOptions): Promise<ChildProcess[]> {
  const { url, workers, processes, record } = options;
  const started = Array.from({ length: processes }, (_, index) => {
    const own = Math.floor(workers / processes) + (index < workers % processes ? 1 : 0);
    const task: WorkerTask = { mode, url, queue, workers: own, record };
    return fork(fileURLToPath(new URL("load-worker.ts", import.meta.url)), [JSON.stringify(task)], {
      execArgv: ["--import", "tsx"],
    });
  });
  await Promise.all(started.map((child) => once(child, "message")));
  return started;
}

async function endProcess(child: ChildProcess): Promise<Extract<FromLoadWorker, { kind: "end" }>> {
  child.send("end" satisfies ToLoadWorker);
  const [message] = (await once(child, "message")) as [FromLoadWorker];
  if (message.kind !== "end") throw new Error(`expected the end of a worker, found ${message.kind}`);
  return message;
}

/** Submits jobs to workers that all wait. @returns when, by id */
async function submitOneByOne(
  submitter: Submitter,
  told: ReadonlyMap<string, readonly number[]>,
  options: LoadOptions,
  queue: string,
): Promise<ReadonlyMap<string, number>> {
  const submitted = new Map<string, number>();
  for (let index = 0; index < SINGLE_JOBS; index++) {
    await sleep(PAUSE_MILLISECONDS);
    const job = jobOf(`${queue}/single/${index}`, options);
    submitted.set(job.id, now());
    await submitter.submit([job]);
    while (!told.has(job.id)) await sleep(2);
  }
  return submitted;
}

async function lateWatch(queue: string, url: string, count: number): Promise<number> {
  const engine = openBullmq(url, { queue });
  const began = performance.now();
  let done = 0;
  for await (const { type } of engine.events()) {
    if (type === "done") done += 1;
    if (done === count) break;
  }
  await engine.close();
  return (performance.now() - began) / 1000;
}

function lastOf(jobs: readonly DoneJob[]): number {
  return jobs.reduce((last, { ended }) => Math.max(last, ended), 0);
}

function byWorker(jobs: readonly DoneJob[]): ReadonlyMap<string, readonly DoneJob[]> {
  const all = new Map<string, DoneJob[]>();
  for (const job of jobs) {
    const own = all.get(job.worker);
    if (own === undefined) all.set(job.worker, [job]);
    else own.push(job);
  }
  return all;
}

function betweenOf(jobs: readonly DoneJob[]): number[] {
  return [...byWorker(jobs).values()].flatMap((own) =>
    own.slice(1).map(({ taken }, index) => taken - own[index]!.ended),
  );
}

function jobsOfWorkers(jobs: readonly DoneJob[], workers: number): number[] {
  const counts = [...byWorker(jobs).values()].map(({ length }) => length);
  return [...counts, ...new Array<number>(workers - counts.length).fill(0)];
}
