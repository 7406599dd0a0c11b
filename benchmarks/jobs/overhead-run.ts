import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@blora/artefacts";
import { openBullmq } from "@blora/jobs-bullmq";
import { now } from "./statistics.ts";

/** A run as workers make it, in seconds and bytes, for the simulation. */
export interface MeasuredRun {
  readonly stepSeconds: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly secondsBetweenCheckpoints: number;
  readonly checkpointBytes: number;
  readonly resultBytes: number;
}

/** Of one run, in seconds. */
export interface RunOverhead {
  readonly id: string;
  /** From when its worker had the job until the job was done. */
  readonly taken: number;
  /** Of what the worker says of it. */
  readonly steps: number;
  readonly before: number;
  readonly compiling: number;
  readonly saving: number;
  readonly after: number;
  /** Until the worker had its next job; undefined for the last. */
  readonly untilNext: number | undefined;
}

const CLI = "apps/cli/dist/blora.js";
const LINE =
  /^done in [\d.]+ s: steps ([\d.]+) s .*, before ([\d.]+) s, compiling ([\d.]+) s, saving ([\d.]+) s, after ([\d.]+) s$/;

/** Runs the command line to its end. @throws Error with what it said, where it fails */
export async function blora(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const said = textOf(child);
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`blora ${args[0]}: expected it to succeed, found ${status}: ${said()}`);
}

/** Lets a worker do all that is queued, and watches when it has each. */
export async function watchWorker(url: string, args: readonly string[], runs: number): Promise<readonly RunOverhead[]> {
  const engine = openBullmq(url);
  const child = spawn(process.execPath, [CLI, "worker", "--on", url, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const said = textOf(child);
  const leased = new Map<string, number>();
  const done = new Map<string, number>();
  const failed = once(child, "close").then(([status]) => {
    if (done.size < runs)
      throw new Error(`blora worker: expected it to go on, found that it ended with ${status}: ${said()}`);
  });
  const watch = async (): Promise<void> => {
    for await (const event of engine.events()) {
      if (event.type === "failed") throw new Error(event.error);
      if (event.type === "leased") leased.set(event.id, now());
      if (event.type === "done") done.set(event.id, now());
      if (done.size === runs) return;
    }
  };
  try {
    await Promise.race([watch(), failed]);
  } finally {
    child.kill("SIGINT");
    await engine.close();
  }
  await failed;
  return overheads(leased, done, said());
}

function overheads(
  leased: ReadonlyMap<string, number>,
  done: ReadonlyMap<string, number>,
  said: string,
): RunOverhead[] {
  const lines = said.split("\n").flatMap((line) => {
    const found = LINE.exec(line);
    return found === null ? [] : [found.slice(1).map(Number) as [number, number, number, number, number]];
  });
  const ids = [...done.keys()];
  return ids.map((id, index) => {
    const [steps, before, compiling, saving, after] = lines[index]!;
    const next = leased.get(ids[index + 1] ?? "");
    return {
      id,
      ...{ taken: (done.get(id)! - leased.get(id)!) / 1000, steps, before, compiling, saving, after },
      untilNext: next === undefined ? undefined : Math.max(0, next - done.get(id)!) / 1000,
    };
  });
}

/**
 * What the runs have in common: means, and the bytes of one. A store drops a run's checkpoints when it has the result, so
 * those are of the worker's folder.
 */
export async function measuredRun(
  runs: readonly RunOverhead[],
  { store, folder }: { readonly store: string; readonly folder: string },
): Promise<MeasuredRun> {
  const meanOf = (value: (run: RunOverhead) => number): number =>
    runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
  const { id } = runs[0]!;
  const stepSeconds = meanOf(({ steps }) => steps);
  return {
    stepSeconds,
    startSeconds: meanOf(({ before, compiling }) => before + compiling),
    endSeconds: meanOf(({ saving, after }) => saving + after),
    secondsBetweenCheckpoints: stepSeconds / checkpointsOf(folder),
    checkpointBytes: checkpointBytes(folder),
    resultBytes: await bytesBelow(store, `runs/${id}/result/`),
  };
}

/** How many a run makes, by what it was started with. */
function checkpointsOf(folder: string): number {
  const run = firstRun(folder);
  const read = (file: string): { readonly arguments?: Record<string, number>; readonly steps?: number } =>
    JSON.parse(readFileSync(join(run, file), "utf8"));
  const { saveSteps, evalSteps } = read("blora-run.json").arguments!;
  const { steps } = read("summary.json");
  const every = saveSteps ?? evalSteps;
  if (every === undefined) throw new Error("expected a recipe that says saveSteps or evalSteps, found neither");
  return Math.max(1, Math.ceil(steps! / every));
}

/** Of a run's last checkpoint, with the files beside it that go on from it. */
function checkpointBytes(folder: string): number {
  const run = firstRun(folder);
  const last = readdirSync(run).find((entry) => entry.startsWith("checkpoint-"));
  if (last === undefined) throw new Error(`expected a checkpoint in ${run}, found none`);
  return filesBytes(run) + filesBytes(join(run, last));
}

function firstRun(folder: string): string {
  return join(folder, readdirSync(folder).find((entry) => !entry.startsWith("."))!);
}

function filesBytes(folder: string): number {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { name }) => sum + statSync(join(folder, name)).size, 0);
}

async function bytesBelow(address: string, prefix: string): Promise<number> {
  let sum = 0;
  for await (const { bytes } of openStore(address).list(prefix)) sum += bytes;
  return sum;
}

function textOf(child: ChildProcess): () => string {
  let text = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  return () => text;
}
