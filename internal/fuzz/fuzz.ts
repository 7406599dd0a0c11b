/**
 * Reads damaged files, led by coverage, and holds every parser to the laws of `laws.ts`.
 *
 *   npm run fuzz -- --target safetensors,csv --runs 1000000 --seed 1
 *
 * Without `--target` it takes all, one after the other. One JSON line for each stretch of inputs goes to `--out`;
 * started again with the same seed it goes on after the last. `--keep` reads nothing new: it writes the smallest
 * inputs that reach all that was reached to `internal/fuzz/corpus`, from which `npm test` starts. `--table` prints
 * `benchmarks/results/fuzz.md`.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "@blora/runs";
import { root } from "../checks/command.ts";
import { addToCorpus, grownCorpus, keepCorpus } from "./corpus.ts";
import { page, type Stretch, table } from "./fuzz-table.ts";
import { type FromChild, type Job, runChild } from "./run-child.ts";
import { targetOf, targets } from "./targets/index.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    runs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "benchmarks/results/fuzz.jsonl" },
    keep: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});
const log = resolve(root, values.out);
const seed = Number(values.seed);
const chosen = values.target?.split(",").map((name) => targetOf(name).name) ?? targets.map(({ name }) => name);
/** Seconds of a stretch: the most that is lost where this process is ended. */
const STRETCH = 60;

if (values.keep) await keep();
else if (!values.table) await fuzz();
console.log(values.table ? page(stretches()) : table(stretches()));

async function fuzz(): Promise<void> {
  const done = stretches().filter((stretch) => stretch.seed === seed);
  const jobs = chosen.map((name) => {
    const start = done.reduce((sum, { target, inputs }) => sum + (target === name ? inputs : 0), 0);
    return { name, start, runs: Number(values.runs) - start, corpus: grownCorpus(name) };
  });
  const left = jobs.filter(({ runs }) => runs > 0);
  const recorders = new Map<string, (message: FromChild) => void>();
  if (left.length === 0) return;
  let last = performance.now();
  await runChild({ seed, jobs: left, guided: true }, (message) => {
    const { name } = message;
    const record = recorders.get(name) ?? recorder(left.find((job) => job.name === name)!, last);
    recorders.set(name, record);
    record(message);
    last = performance.now();
  });
}

/**
 * Writes a line once a stretch is read, and the last one.
 *
 * @param started when the job before had ended
 */
function recorder({ name, start, runs, corpus }: Job, started: number): (message: FromChild) => void {
  const empty = (first: number) => ({
    start: first,
    inputs: 0,
    finds: [] as FromChild["finds"][number][],
    added: [] as string[],
  });
  let stretch = empty(start);
  let [size, began] = [corpus.length, started];
  return ({ done, finds, added }) => {
    stretch.inputs += done;
    stretch.finds.push(...finds);
    stretch.added.push(...added);
    for (const { law, message, place } of finds)
      console.log(`${name}: ${law}: ${message.slice(0, 300)}\n  at ${place}`);
    if (finds.length > 0) process.exitCode = 1;
    const end = stretch.start + stretch.inputs;
    const seconds = (performance.now() - began) / 1000;
    if (seconds < STRETCH && end < start + runs) return;
    size += stretch.added.length;
    addToCorpus(name, stretch.added);
    const { inputs, finds: found } = stretch;
    write({
      target: name,
      seed,
      start: stretch.start,
      inputs,
      finds: found,
      corpus: size,
      seconds,
      machine: machine(),
    });
    console.log(`${name}: ${end} inputs in all, ${size} in the corpus`);
    stretch = empty(end);
    began = performance.now();
  };
}

function write(stretch: Stretch): void {
  appendFileSync(log, `${JSON.stringify(stretch)}\n`);
}

async function keep(): Promise<void> {
  const jobs = chosen.map((name) => ({ name, start: 0, runs: 0, corpus: grownCorpus(name) }));
  await runChild({ seed, jobs, guided: true, minimize: true }, ({ name, added }) => keepCorpus(name, added));
}

function stretches(): Stretch[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Stretch);
}
