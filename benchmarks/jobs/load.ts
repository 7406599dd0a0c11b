/**
 * 10,000 jobs that do nothing, by 8 workers: throughput, latency, processor and memory of workers and server, that none
 * is lost or done twice, and what of it is this repository's, against BullMQ's own loop around an empty processor in the
 * same run. Then what each question to the server costs, and what a store does.
 *
 *   npm run bench:jobs-load -- --jobs 10000 --workers 8 --processes 8
 */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { machine } from "@blora/runs";
import { Redis } from "ioredis";
import { startQueueServer } from "../../internal/servers/queue-server.ts";
import { type LoadResult, loadRun } from "./load-run.ts";
import type { Mode } from "./load-worker.ts";
import { operationCosts } from "./operation-costs.ts";
import { queueInfo } from "./queue-info.ts";
import { fileStoreCosts } from "./store-costs.ts";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "10000" },
    workers: { type: "string", default: "8" },
    /** With fewer processes than workers, several of them share one. */
    processes: { type: "string", default: "8" },
    store: { type: "string", default: tmpdir() },
    out: { type: "string", default: "benchmarks/results/jobs-load" },
  },
});
/** What a recipe and a summary take as JSON, about. */
const [DATA, RECORD] = [{ recipe: "r".repeat(2048) }, { summary: "s".repeat(1024) }];
const OPERATIONS = 3000;

const [jobs, workers, processes] = [values.jobs, values.workers, values.processes].map(Number) as [
  number,
  number,
  number,
];
const server = await startQueueServer();
const redis = new Redis(server.url);
try {
  const { version } = await queueInfo(redis);
  const options = { redis, url: server.url, jobs, workers, processes, data: DATA, record: RECORD };
  const results = {} as Record<Mode, LoadResult>;
  for (const mode of ["ours", "bare"] as const) {
    results[mode] = await loadRun(mode, options);
    await redis.flushall();
    console.log(JSON.stringify({ mode, ...results[mode] }));
  }
  const result = {
    ...machine(),
    server: version,
    ...{ jobs, workers, processes },
    bytes: { data: DATA.recipe.length, record: RECORD.summary.length },
    ...results,
    shareOfOurs: shareOfOurs(results),
    operations: await operationCosts(redis, OPERATIONS, { data: DATA, record: RECORD }),
    store: await fileStoreCosts(values.store),
  };
  writeFileSync(`${values.out}.json`, `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify({ shareOfOurs: result.shareOfOurs, operations: result.operations, store: result.store }));
  const { ours } = results;
  if (ours.lost + ours.doubled + ours.toldWrongly > 0) process.exitCode = 1;
} finally {
  redis.disconnect();
  await server.kill();
}

/** What of a job's time, and of processors, is ours: the part that BullMQ alone does not take. */
function shareOfOurs({
  ours,
  bare,
}: Record<Mode, LoadResult>): Record<"time" | "server" | "workers" | "submitter", number> {
  const share = (own: number, other: number): number => Number((1 - other / own).toFixed(3));
  const [own, other] = [ours.processorMilliseconds, bare.processorMilliseconds];
  return {
    time: share(1 / ours.jobsPerSecond, 1 / bare.jobsPerSecond),
    server: share(own.server, other.server),
    workers: share(own.workers, other.workers),
    submitter: share(own.submitter, other.submitter),
  };
}
