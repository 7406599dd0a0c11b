/** Process of the load test with some workers, which do nothing with a job but say when they had it. */
import { openBullmq } from "@blora/jobs-bullmq";
import { Worker } from "bullmq";
import { now } from "./statistics.ts";

/** What takes the jobs: this repository's engine, or BullMQ's own loop around an empty processor. */
export type Mode = "ours" | "bare";

export interface WorkerTask {
  readonly mode: Mode;
  readonly url: string;
  readonly queue: string;
  /** Of this process. */
  readonly workers: number;
  /** What every job gives. */
  readonly record: { readonly summary: string };
}

/** A job that a worker had. */
export interface DoneJob {
  readonly id: string;
  /** Process and number of the worker. */
  readonly worker: string;
  readonly taken: number;
  readonly ended: number;
}

export type ToLoadWorker = "start" | "end";

export type FromLoadWorker =
  | { readonly kind: "ready" }
  | {
      readonly kind: "end";
      readonly jobs: readonly DoneJob[];
      readonly peakRssBytes: number;
      readonly processorSeconds: number;
    };

const { mode, url, queue, workers, record } = JSON.parse(process.argv[2]!) as WorkerTask;
const jobs: DoneJob[] = [];
let stop = async (): Promise<void> => undefined;
let before = process.cpuUsage();
process.send!({ kind: "ready" } satisfies FromLoadWorker);
process.on("message", async (message: ToLoadWorker) => {
  if (message === "start") {
    before = process.cpuUsage();
    stop = mode === "ours" ? startOurs() : startBare();
    return;
  }
  const { user, system } = process.cpuUsage(before);
  await stop();
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  const end: FromLoadWorker = { kind: "end", jobs, peakRssBytes, processorSeconds: (user + system) / 1e6 };
  process.send!(end, () => process.exit());
});

function note(id: string, worker: number, taken: number): void {
  jobs.push({ id, worker: `${process.pid}/${worker}`, taken, ended: now() });
}

function startOurs(): () => Promise<void> {
  const engine = openBullmq(url, { queue });
  const stopping = new AbortController();
  const works = Array.from({ length: workers }, (_, worker) =>
    engine.work(
      async ({ id }) => {
        note(id, worker, now());
        return { status: "done", record };
      },
      { signal: stopping.signal },
    ),
  );
  return async () => {
    stopping.abort();
    await Promise.all(works);
    await engine.close();
  };
}

function startBare(): () => Promise<void> {
  const { hostname, port } = new URL(url);
  const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  const started = Array.from({ length: workers }, (_, worker) => {
    const processor = async ({ id }: { readonly id?: string | undefined }): Promise<typeof record> => {
      note(id!, worker, now());
      return record;
    };
    return new Worker(queue, processor, { connection });
  });
  return async () => void (await Promise.all(started.map((own) => own.close())));
}
