import { type Job, type JobEngine, onceInStore } from "@blora/spec";
import { type CountedStep, countingRun } from "./counting-job.ts";
import { createFolderStore } from "./folder-store.ts";

/** What a worker in a process of its own is told at its start. */
export interface WorkerTask {
  /** Module that opens the engine. */
  readonly entry: string;
  readonly folder: string;
  readonly jobs: readonly Job[];
  /** Step after which it waits for a message. */
  readonly holdAt: number;
}

/** What it tells: each step, and how its run of a job came to its end. */
export type FromWorker =
  | ({ readonly type: "step" } & CountedStep)
  | { readonly type: "ended"; readonly id: string; readonly status: string; readonly isAborted: boolean };

const { entry, folder, jobs, holdAt } = JSON.parse(process.argv[2]!) as WorkerTask;
const { open } = (await import(entry)) as { open: (folder: string) => Promise<JobEngine> };
const engine = await open(folder);
const store = createFolderStore(folder);
const tell = (message: FromWorker): boolean => process.send!(message);

const run = onceInStore(
  store,
  countingRun(store, async (step) => {
    const going = new Promise((resolve) => process.once("message", resolve));
    tell({ type: "step", ...step });
    if (step.step === holdAt) await going;
  }),
);
await engine.submit(jobs);
await engine.work(
  async (job, lease) => {
    const result = await run(job, lease);
    tell({ type: "ended", id: job.id, status: result.status, isAborted: lease.signal.aborted });
    return result;
  },
  { signal: new AbortController().signal },
);
