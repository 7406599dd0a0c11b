/**
 * Kills commands at random moments, with all their processes, and holds them to two promises: what was there before is
 * there after, and once the same command has run again, the result is the one of a command that nobody killed.
 *
 *   npm run attack:kill -- --kills 100 --seed 1
 *
 * One JSON line for each attempt goes to `--out`; started again, it goes on after the last line. `--table` prints the
 * lines as a table and attacks nothing.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../checks/command.ts";
import { type Attempt, table } from "./kill-table.ts";
import { run } from "./process.ts";
import { bytesOf, differences, meaningOf, type Snapshot } from "./snapshot.ts";
import { commandLine, copyWorld, type Job, jobs, makeWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string" },
    out: { type: "string", default: "benchmarks/results/kills.jsonl" },
    table: { type: "boolean", default: false },
  },
});
const folder = join(root, ".cache/attack", `kill-${values.seed}`);
const world = join(folder, "world");
const place = join(folder, "place");
const seed = Number(values.seed);
const chosen = jobs.filter(({ name }) => values.jobs === undefined || values.jobs.split(",").includes(name));
const log = join(root, values.out);

interface Expected {
  readonly milliseconds: number;
  readonly files: Snapshot;
  readonly stdout: string;
}

if (!values.table) await attack();
console.log(table(attempts()));
if (attempts().some(({ verdict }) => verdict.length > 0)) process.exitCode = 1;

async function attack(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await makeWorld(world, place);
  const uninterrupted = new Map<Job, Expected>();
  const own = (): Attempt[] => attempts().filter((attempt) => attempt.seed === seed);
  const killed = (): number => own().reduce((sum, { delays }) => sum + delays.length, 0);
  for (let attempt = (own().at(-1)?.attempt ?? -1) + 1; killed() < Number(values.kills); attempt++) {
    const job = chosen[attempt % chosen.length]!;
    if (!uninterrupted.has(job)) uninterrupted.set(job, await runWhole(job));
    const line = await killAndResume(attempt, job, uninterrupted.get(job)!);
    appendFileSync(log, `${JSON.stringify(line)}\n`);
    console.log(JSON.stringify(line));
  }
  rmSync(folder, { recursive: true, force: true });
}

async function runWhole(job: Job): Promise<Expected> {
  copyWorld(world, place);
  const { status, milliseconds, stdout, stderr } = await run(place, job.args);
  if (status !== 0) throw new Error(`${commandLine(job)}: ${stderr}`);
  return { milliseconds, files: meaningOf(place), stdout: job.prints ? saidBy(stdout) : "" };
}

/** Kills a job up to three times, then lets it end. */
async function killAndResume(attempt: number, job: Job, expected: Expected): Promise<Attempt> {
  copyWorld(world, place);
  const before = bytesOf(world);
  const random = randomNumbers(seed * 1_000_003 + attempt);
  const wanted = 1 + Math.floor(random() * 3);
  const delays: number[] = [];
  const phases: string[] = [];
  const verdict: string[] = [];
  for (let kill = 0; kill < wanted; kill++) {
    const delay = Math.round(random() * expected.milliseconds);
    const ended = await run(place, job.args, { killAfter: delay });
    if (!ended.killed) {
      if (ended.status !== 0 && !saysDone(ended.stderr))
        verdict.push(`not killed, it failed: ${lastLine(ended.stderr)}`);
      break;
    }
    delays.push(delay);
    phases.push(lastLine(ended.stderr));
    verdict.push(...lost(before, bytesOf(place)));
  }
  const { status, stdout, stderr } = await run(place, job.args);
  if (status !== 0 && !saysDone(stderr)) verdict.push(`run again, it failed: ${lastLine(stderr)}`);
  if (job.prints && saidBy(stdout) !== expected.stdout) verdict.push("it printed something else");
  const found = differences(expected.files, meaningOf(place));
  const leftovers = found.filter((difference) => /(^|\/)\.(partial|replaced)-|\.tmp is left/.test(difference));
  verdict.push(...found.filter((difference) => !leftovers.includes(difference)));
  return {
    attempt,
    seed,
    job: job.name,
    command: commandLine(job),
    delays,
    phases,
    leftovers: leftovers.length,
    verdict,
  };
}

/** Whether what was whole when a process was killed is there, which the next one says: it is compared like any other. */
function saysDone(stderr: string): boolean {
  return /expected a (folder to write that is absent|file that is not there yet)/.test(stderr);
}

/** What is gone or changed. */
function lost(before: Snapshot, after: Snapshot): string[] {
  return differences(before, after)
    .filter((difference) => !difference.endsWith("left over"))
    .map((difference) => `after the kill, ${difference}`);
}

function attempts(): Attempt[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Attempt);
}

/** What a command prints, without times and speeds. */
function saidBy(stdout: string): string {
  return stdout
    .replaceAll(/"(?:seconds|tokensPerSecond|peakRssBytes)":[\d.e+-]+/g, "")
    .replaceAll(/[\d.,]+ tokens\/s/g, "");
}

function lastLine(text: string): string {
  return (
    text
      .split(/[\r\n]/)
      .filter((line) => line.trim() !== "")
      .at(-1)
      ?.slice(0, 200) ?? ""
  );
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomNumbers(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
