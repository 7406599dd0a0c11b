/**
 * What a run costs beside its steps, as `blora worker` makes it with a queue and a store on this machine: until its first
 * step, between and after them, and until the worker has its next job.
 *
 *   npm run bench:jobs-overhead -- --recipe recipes/builtin/lora-8.ts --seeds 3
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "@blora/runs";
import { startQueueServer } from "../../internal/servers/queue-server.ts";
import { blora, measuredRun, type RunOverhead, watchWorker } from "./overhead-run.ts";

const { values } = parseArgs({
  options: {
    recipe: { type: "string", default: "recipes/builtin/lora-8.ts" },
    /** Runs of a recipe with one task. */
    seeds: { type: "string", default: "3" },
    data: { type: "string" },
    threads: { type: "string", default: "1" },
    out: { type: "string", default: "benchmarks/results/jobs-overhead" },
  },
});
const { recipe, seeds, data, threads } = values;
const folder = mkdtempSync(join(tmpdir(), "blora-overhead-"));
const server = await startQueueServer();
try {
  const store = `file:${join(folder, "store")}`;
  const given = data === undefined ? [] : ["--data", data];
  const places = ["--out", join(folder, "results"), "--runs", join(folder, "home")];
  const asked = ["--on", server.url, "--store", store, "--threads", threads];
  await blora(["sweep", recipe, "--seeds", seeds, ...given, ...asked, ...places]);
  const own = join(folder, "worker");
  const runs = await watchWorker(server.url, ["--runs", own, ...given], Number(seeds));
  const result = {
    ...machine(),
    recipe: basename(recipe),
    threads: Number(threads),
    stepShare: shareOfSteps(runs),
    /** Most seconds of a run that are not steps, until the worker has its next one. */
    mostOverheadSeconds: Math.max(...runs.map(overheadOf)),
    run: await measuredRun(runs, { store, folder: own }),
    runs,
  };
  writeFileSync(`${values.out}.json`, `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result, null, 1));
} finally {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
}

function overheadOf({ taken, steps, untilNext = 0 }: RunOverhead): number {
  return taken - steps + untilNext;
}

/** Of the worker's time from its first job to the end of its last. */
function shareOfSteps(runs: readonly RunOverhead[]): number {
  const steps = runs.reduce((sum, run) => sum + run.steps, 0);
  return steps / runs.reduce((sum, run) => sum + run.taken + (run.untilNext ?? 0), 0);
}
