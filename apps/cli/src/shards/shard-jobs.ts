import { rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { localJobs } from "@blora/jobs-local";
import type { Shard } from "@blora/likelihood";
import { fingerprintOf } from "@blora/runs";
import { type Job, type JobResult, type JobRun, type JsonObject, toJson } from "@blora/spec";
import type { EvaluationInput, EvaluationResult } from "../jobs/evaluate.ts";
import type { PredictionInput, PredictionResult } from "../jobs/predict.ts";
import type { EvaluationProgress } from "../output/evaluation-line.ts";
import { type Ended, runInChild } from "../run/child.ts";
import { resultOfError } from "../sweep/training-job.ts";

/** What is answered in shards: a benchmark, or the rows of a split. */
export type ShardedWork =
  | { readonly work: "evaluation"; readonly input: EvaluationInput & { readonly out: string } }
  | { readonly work: "prediction"; readonly input: PredictionInput & { readonly out: string } };

type ShardManifest = ShardedWork & { readonly shard: Shard };

/** A job for each shard. What they answer is kept in files beside `out`, which whoever gathers them finds there. */
export function shardJobs(sharded: ShardedWork, count: number): Job[] {
  return Array.from({ length: count }, (_, index) => {
    const manifest = toJson({ ...sharded, shard: { index, count } }) as JsonObject;
    const threads = sharded.input.request.threads ?? 1;
    return { id: fingerprintOf(manifest), manifest, needs: { memoryBytes: 0, threads }, inputs: [] };
  });
}

export interface ShardsEnd {
  /** Of the first shard that failed. */
  readonly failure: { readonly error: string; readonly isFinal: boolean } | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** Answers shards, some at once, until all are answered, one fails or a signal asks to stop. */
export async function runShards(
  jobs: readonly Job[],
  atOnce: number,
  onEvent: (event: EvaluationProgress) => void,
): Promise<ShardsEnd> {
  const { out } = manifestOf(jobs[0]!).input;
  const leases = join(dirname(resolve(out)), `.partial-${basename(out)}.leases`);
  const engine = localJobs({ folder: leases });
  const stopping = new AbortController();
  const left = new Set(jobs.map(({ id }) => id));
  const end: { failure?: ShardsEnd["failure"]; signal?: NodeJS.Signals; isFinal: boolean } = { isFinal: false };
  const answer = shardRun(onEvent, (signal) => {
    end.signal = signal;
  });
  const run: JobRun = async (job, lease) => {
    const result = await answer(job, lease);
    if (result.status === "failed") end.isFinal = true;
    if (end.signal !== undefined) stopping.abort();
    return result;
  };
  await engine.submit(jobs);
  const works = Array.from({ length: atOnce }, () => engine.work(run, { signal: stopping.signal }));
  const working = Promise.all(works).finally(() => engine.close());
  // Awaited when the events have ended.
  working.catch(() => undefined);
  for await (const event of engine.events()) {
    if (event.type === "failed") end.failure ??= { error: event.error, isFinal: end.isFinal };
    if (event.type === "done") left.delete(event.id);
    if (left.size === 0 || end.failure !== undefined) stopping.abort();
  }
  await working;
  // Stays where another process does a shard.
  await rmdir(leases).catch(() => undefined);
  return { failure: end.failure, signal: end.signal };
}

/** Answers a shard in a process of its own. */
export function shardRun(
  onEvent: (event: EvaluationProgress) => void,
  onSignal: (signal: NodeJS.Signals) => void,
): JobRun {
  return async (job, lease): Promise<JobResult> => {
    const manifest = manifestOf(job);
    try {
      const { result, signal } = await answerInChild(manifest, lease.signal, (event) => {
        onEvent(event);
        void lease.heartbeat({ step: event.done, steps: event.total }).catch(() => undefined);
      });
      if (signal !== undefined) onSignal(signal);
      return isAnswered(result) ? { status: "done", record: { shard: { ...manifest.shard } } } : { status: "released" };
    } catch (error) {
      return resultOfError(error, lease, { onSignal });
    }
  };
}

function answerInChild(
  { shard, ...sharded }: ShardManifest,
  stop: AbortSignal,
  onEvent: (event: EvaluationProgress) => void,
): Promise<Ended<EvaluationResult | PredictionResult>> {
  if (sharded.work === "evaluation") {
    return runInChild("evaluation", { ...sharded.input, shard }, { onEvent, stop });
  }
  return runInChild("prediction", { ...sharded.input, shard }, { onEvent, stop });
}

function isAnswered(result: EvaluationResult | PredictionResult): boolean {
  if ("interrupted" in result) return !result.interrupted;
  return result.kind === "shard" && result.summary.answered === result.summary.questions;
}

function manifestOf({ manifest }: Job): ShardManifest {
  return manifest as unknown as ShardManifest;
}
