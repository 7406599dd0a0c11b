/**
 * How a sweep scales to 1,000 workers of unequal speed that fail, and where the queue's server or the store gives way:
 * simulated, from what `bench:jobs-load` and `bench:jobs-overhead` measured.
 *
 *   npm run bench:jobs-scaling
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { machine } from "@blora/runs";
import type { OperationCosts } from "./operation-costs.ts";
import type { MeasuredRun } from "./overhead-run.ts";
import { type ScalingPoint, scalingSvg } from "./scaling-svg.ts";
import { type Farm, type Outcome, simulate } from "./simulation.ts";
import type { StoreCosts } from "./store-costs.ts";

const { values } = parseArgs({
  options: {
    load: { type: "string", default: "benchmarks/results/jobs-load.json" },
    overhead: { type: "string", default: "benchmarks/results/jobs-overhead.json" },
    /** Of steps in a run; what was measured, where it is not given. */
    seconds: { type: "string" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "benchmarks/results/jobs-scaling" },
  },
});
const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const JOBS_PER_WORKER = 10;
/** A farm that needs more than so many times what its steps take is not watched to its end. */
const MOST_TIMES = 4;
/** Where something gives way, workers are counted to this. */
const MOST_WORKERS = 64_000;
const [HOUR, DAY] = [3600, 86_400];

const { operations, store } = JSON.parse(readFileSync(values.load, "utf8")) as {
  readonly operations: OperationCosts;
  readonly store: StoreCosts;
};
const { run: measured } = JSON.parse(readFileSync(values.overhead, "utf8")) as { readonly run: MeasuredRun };
const steps = Number(values.seconds ?? measured.stepSeconds);
const farm: Farm = {
  workers: 1,
  jobs: JOBS_PER_WORKER,
  run: {
    steps,
    start: measured.startSeconds,
    end: measured.endSeconds,
    checkpoints: Math.max(1, Math.round(steps / measured.secondsBetweenCheckpoints)),
    checkpointBytes: measured.checkpointBytes,
    resultBytes: measured.resultBytes,
  },
  speedDeviation: 0.3,
  failures: { mean: DAY, away: 300 },
  times: { lease: 60, renewal: 5, progress: 1, poll: 1 },
  server: serverSeconds(operations),
  store: { bytesPerSecond: store.putBytesPerSecond, perFile: store.recordSeconds },
  limit: MOST_TIMES * JOBS_PER_WORKER * (measured.startSeconds + steps + measured.endSeconds),
  seed: Number(values.seed),
};
const free = {
  server: { poll: 0, claim: 0, renew: 0, progress: 0, complete: 0 },
  store: { bytesPerSecond: Number.POSITIVE_INFINITY, perFile: 0 },
} as const;

/** One store for all is what gives way first: a second one shows what the rest does. */
const scenarios: Readonly<Record<string, Farm>> = {
  "one store, as measured": farm,
  "a store that keeps up": { ...farm, store: free.store },
  "that, and workers fail every hour": { ...farm, store: free.store, failures: { mean: HOUR, away: 300 } },
};
const table = Object.entries(scenarios).map(([name, own]) => {
  const rows = COUNTS.map((workers) => ({
    workers,
    ...simulate({ ...own, workers, jobs: workers * JOBS_PER_WORKER }),
  }));
  for (const row of rows) console.log(name, JSON.stringify(row));
  return { name, rows };
});
const limits = { server: giveWay({ ...farm, store: free.store }), store: giveWay({ ...farm, server: free.server }) };
console.log(JSON.stringify(limits));

writeFileSync(`${values.out}.json`, `${JSON.stringify({ ...machine(), farm, table, limits }, null, 2)}\n`);
writeFileSync(`${values.out}.md`, markdown());
const lines = table.map(({ name, rows }) => [name, rows.map(pointOf)] as const);
writeFileSync(`${values.out}.svg`, scalingSvg("Share of the workers' speed that is used", Object.fromEntries(lines)));

/** The first of doubled numbers of workers that spend less than nine tenths of the time in steps that a hundred do. */
function giveWay(own: Farm): { readonly workers: number | null; readonly arithmetic: number } {
  const of = (workers: number): Outcome => {
    const { start, end, steps } = own.run;
    return simulate({ ...own, workers, jobs: workers, limit: MOST_TIMES * (start + steps + end) });
  };
  const usual = of(100).inSteps;
  let workers = 100;
  while (workers <= MOST_WORKERS && of(workers).inSteps > 0.9 * usual) workers *= 2;
  return { workers: workers > MOST_WORKERS ? null : workers, arithmetic: Math.round(1 / loadOf(own)) };
}

/** What a worker that is never without a job asks of the server or the store: the share of its time. */
function loadOf({ run, times, server, store }: Farm): number {
  const seconds = run.start + run.steps + run.end;
  const told =
    server.progress / times.progress + server.renew / times.renewal + (server.claim + server.complete) / seconds;
  const files = run.checkpoints + 1;
  const bytes = run.checkpoints * run.checkpointBytes + run.resultBytes;
  return Math.max(told, (files * store.perFile + bytes / store.bytesPerSecond) / seconds);
}

function serverSeconds(costs: OperationCosts): Farm["server"] {
  const { poll, claim, renew, progress, complete } = costs;
  return {
    poll: poll.serverSeconds,
    claim: claim.serverSeconds,
    renew: renew.serverSeconds,
    progress: progress.serverSeconds,
    complete: complete.serverSeconds,
  };
}

function pointOf({ workers, efficiency }: { readonly workers: number } & Outcome): ScalingPoint {
  return { workers, share: Math.min(1, efficiency) };
}

function markdown(): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const head = `| workers | speed used | time in steps | server busy | store busy | runs begun again |\n| ---: | ---: | ---: | ---: | ---: | ---: |`;
  const tables = table.map(({ name, rows }) => {
    const lines = rows.map(({ workers, efficiency, inSteps, busy, attempts, done }) =>
      [workers, percent(efficiency), percent(inSteps), percent(busy.server), percent(busy.store), attempts - done].join(
        " | ",
      ),
    );
    return `## ${name[0]!.toUpperCase()}${name.slice(1)}\n\n${head}\n${lines.map((line) => `| ${line} |`).join("\n")}\n`;
  });
  const { run } = farm;
  const mebibytes = (run.checkpointBytes / 2 ** 20).toFixed(2);
  return `# Many workers, simulated

${JOBS_PER_WORKER} runs for each worker, of ${steps.toFixed(1)} s in steps, ${run.start.toFixed(2)} s before and ${run.end.toFixed(2)} s after them, with ${run.checkpoints} checkpoints of ${mebibytes} MiB each. The
logarithms of speeds have a standard deviation of ${farm.speedDeviation}; a worker fails once a day and is away for five minutes, unless
it says otherwise. *Speed used* counts the wait for the last run too.

The store gives way at ${limits.store.workers ?? `more than ${MOST_WORKERS}`} workers (its arithmetic: ${limits.store.arithmetic}), the server at ${limits.server.workers ?? `more than ${MOST_WORKERS}`} (${limits.server.arithmetic}): the first of
doubled numbers of workers that spend less than nine tenths of the time in steps that a hundred do.

${tables.join("\n")}`;
}
