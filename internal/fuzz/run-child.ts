import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Fault } from "./laws.ts";
import { openMemoryFolder } from "./memory-folder.ts";
import { BATCH, CURRENT_INPUT } from "./session.ts";

export interface Job {
  readonly name: string;
  readonly start: number;
  readonly runs: number;
  /** In base64. */
  readonly corpus: readonly string[];
}

/** What a child is told. */
export interface Work {
  readonly folder: string;
  readonly seed: number;
  readonly jobs: readonly Job[];
  readonly guided: boolean;
  /** Nothing is tried: the inputs of the corpus that reach something of their own are sent back. */
  readonly minimize?: boolean;
}

/** A fault with its input in base64. */
export interface StoredFind extends Fault {
  readonly input: string;
}

/** What a child tells after every batch. */
export interface FromChild {
  readonly name: string;
  readonly done: number;
  readonly finds: readonly StoredFind[];
  readonly added: readonly string[];
}

/** A child that says nothing for so long hangs. Inputs that take seconds and end are found by the child itself. */
const SILENCE = 600_000;
const MEGABYTES = 1024;

const TENSORFLOW = "./tensorflow-imports.js";
const COUNTING = "./count-blocks-start.ts";
const urlOf = (module: string): string => new URL(module, import.meta.url).href;

/** Does the jobs in a process of its own, which may die of an input: that is a fault like any other, and the rest goes on. */
export async function runChild(work: Omit<Work, "folder">, onMessage: (message: FromChild) => void): Promise<void> {
  const { path: folder, remove } = await openMemoryFolder();
  try {
    for (let jobs = work.jobs; jobs.length > 0; ) jobs = await runOnce({ ...work, jobs, folder }, onMessage);
  } finally {
    await remove();
  }
}

/** Gives the jobs that are left where the child did not come to its end. */
function runOnce(work: Work, onMessage: (message: FromChild) => void): Promise<readonly Job[]> {
  const imports = ["tsx", ...[TENSORFLOW, ...(work.guided ? [COUNTING] : [])].map(urlOf)];
  const child = fork(fileURLToPath(urlOf("./child.ts")), [], {
    execArgv: [
      ...imports.flatMap((module) => ["--import", module]),
      ...["-C", "@blora/source", `--max-old-space-size=${MEGABYTES}`],
    ],
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const done = new Map(work.jobs.map(({ name }) => [name, 0]));
  let running = work.jobs[0]!.name;
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    child.kill("SIGKILL");
  }, SILENCE);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("message", (message: FromChild) => {
      timer.refresh();
      running = message.name;
      done.set(running, done.get(running)! + message.done);
      onMessage(message);
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve([]);
      const left = work.jobs.flatMap((job) => {
        const read = done.get(job.name)!;
        return read < job.runs ? [{ ...job, start: job.start + read, runs: job.runs - read }] : [];
      });
      const [next, ...others] = left;
      if (next === undefined) return reject(new Error(`the child ended with ${code ?? signal} after its last input`));
      const message = silent
        ? `it ran for ${SILENCE / 1000} s and was killed`
        : `the process ended with ${code ?? signal}`;
      const fault: StoredFind = { law: "crash", message, place: next.name, input: currentInput(work.folder) };
      // The batch in which it died is passed over.
      const skipped = Math.min(BATCH, next.runs);
      onMessage({ name: next.name, done: skipped, finds: [fault], added: [] });
      resolve(
        [{ ...next, start: next.start + skipped, runs: next.runs - skipped }, ...others].filter(({ runs }) => runs > 0),
      );
    });
    child.send(work);
  });
}

function currentInput(folder: string): string {
  try {
    const bytes = readFileSync(join(folder, CURRENT_INPUT));
    return bytes.subarray(4, 4 + bytes.readUInt32LE(0)).toString("base64");
  } catch {
    return "";
  }
}
