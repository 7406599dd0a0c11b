import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Job, JobEngine, JobEvent, JobRun, WorkOptions } from "@blora/spec";
import type { FromWorker, WorkerTask } from "./job-worker.ts";

export interface JobEngineKitOptions {
  /**
   * Opens an engine that tries a job which throws `attempts` times. Engines of one folder share what they know, as two
   * machines do; a folder is new for every test and may be used as the name of a queue.
   */
  open(folder: string): Promise<JobEngine>;
  /** Module that exports the same `open`, for workers in processes of their own. */
  readonly entry: URL;
  /** Arguments of Node for these processes, where `entry` needs a loader. */
  readonly execArgv?: readonly string[];
  readonly attempts: number;
  /** Loses everything that the engines of a folder know, but for what is in their memory. */
  wipe(folder: string): Promise<void>;
  /** Makes the lease of a job run out, while its worker is stopped. Default: waits `leaseMilliseconds`. */
  expire?(folder: string, id: string): Promise<void>;
  /** How long a lease lasts that is not renewed. */
  readonly leaseMilliseconds?: number;
}

/** A worker in a process of its own. */
export interface WorkerProcess {
  readonly messages: readonly FromWorker[];
  /** Once it has told something like this. */
  told(is: (message: FromWorker) => boolean): Promise<void>;
  /** Lets it go on after the step where it waits. */
  goOn(): void;
  signal(signal: NodeJS.Signals): void;
}

/** A folder with its engines, works and processes, all ended together. */
export interface JobHarness {
  readonly folder: string;
  open(): Promise<JobEngine>;
  /** Begins work; the function ends it. */
  begin(engine: JobEngine, run: JobRun, options?: Omit<WorkOptions, "signal">): () => Promise<void>;
  fork(jobs: readonly Job[], holdAt: number): WorkerProcess;
  end(): Promise<void>;
}

export async function createJobHarness(options: JobEngineKitOptions): Promise<JobHarness> {
  const folder = await mkdtemp(join(tmpdir(), "blora-jobs-"));
  const engines: JobEngine[] = [];
  const endings: (() => Promise<void>)[] = [];
  const children: ChildProcess[] = [];
  return {
    folder,
    async open() {
      const engine = await options.open(folder);
      engines.push(engine);
      return engine;
    },
    begin(engine, run, more = {}) {
      const controller = new AbortController();
      const work = engine.work(run, { ...more, signal: controller.signal });
      const ending = async (): Promise<void> => {
        controller.abort();
        await work;
      };
      endings.push(ending);
      return ending;
    },
    fork(jobs, holdAt) {
      const task: WorkerTask = { entry: options.entry.href, folder, jobs, holdAt };
      const child = startWorker(task, options.execArgv ?? []);
      children.push(child);
      return workerProcess(child);
    },
    async end() {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(endings.map((ending) => ending()));
      await Promise.all(engines.map((engine) => engine.close()));
      await options.wipe(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startWorker(task: WorkerTask, execArgv: readonly string[]): ChildProcess {
  // Its own ending: a source beside a source, a build beside a build.
  const name = import.meta.url.endsWith(".ts") ? "./job-worker.ts" : "./job-worker.js";
  return fork(fileURLToPath(new URL(name, import.meta.url)), [JSON.stringify(task)], {
    execArgv: [...execArgv],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
}

function workerProcess(child: ChildProcess): WorkerProcess {
  const messages: FromWorker[] = [];
  child.on("message", (message) => messages.push(message as FromWorker));
  return {
    messages,
    async told(is) {
      while (!messages.some(is)) {
        const [code] = await Promise.race([once(child, "message").then(() => []), once(child, "exit")]);
        if (code !== undefined) throw new Error(`A worker of the kit ended with status ${code}.`);
      }
    },
    goOn: () => void child.send("go on"),
    signal: (signal) => void child.kill(signal),
  };
}

/** The event of a job that satisfies this, as soon as there is one. */
export async function eventOf(engine: JobEngine, id: string, type: JobEvent["type"]): Promise<JobEvent> {
  for await (const event of engine.events()) {
    if (event.id === id && event.type === type) return event;
  }
  throw new Error(`The events ended before job ${id} was ${type}.`);
}
