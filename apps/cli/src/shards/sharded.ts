import { availableParallelism } from "node:os";
import { BloraError } from "@blora/spec";
import { type Command, Option } from "commander";
import { positiveInteger } from "../commands/number-flags.ts";
import { statusOfSignal, UsageError } from "../exit.ts";
import type { EvaluationProgress } from "../output/evaluation-line.ts";
import type { RunRequest } from "../run/request.ts";
import { ARRAYS, type ArrayFlags, type ArrayKind, addArrayFlags, writeArray } from "../sweep/array.ts";
import { runShards, type ShardedWork, shardJobs } from "./shard-jobs.ts";

/** Flags of commands whose work may be done in shards. */
export interface ShardFlags extends ArrayFlags {
  readonly shards?: number;
  readonly on?: ArrayKind;
}

export function addShardFlags(command: Command): Command {
  command
    .option(
      "--shards <count>",
      "answer in so many parts, each in a process of its own, to the same bits",
      positiveInteger,
    )
    .addOption(new Option("--on <where>", "shards: write them as a list of jobs instead").choices(ARRAYS));
  return addArrayFlags(command);
}

/** Flags that the work itself is not told. */
export function withoutShardFlags<Flags extends ShardFlags>(flags: Flags): Omit<Flags, keyof ShardFlags> {
  const { shards: _, on: __, atOnce: ___, command: ____, image: _____, claim: ______, ...rest } = flags;
  return rest;
}

/** The threads each shard gets: their part of this machine's, or what a process is given by whoever starts it. */
export function sharedThreads({ engine, threads }: RunRequest, { shards = 1, on }: ShardFlags): number | undefined {
  if (threads !== undefined || shards === 1 || (engine ?? "onnx") !== "onnx") return threads;
  return on === undefined ? Math.max(1, Math.floor(availableParallelism() / shards)) : 1;
}

/**
 * Answers all shards here, so that the command finds every answer; or writes them as a list of jobs.
 *
 * @returns the status to end with, where there is nothing to gather yet
 * @throws UsageError without an `out`, where answers are kept
 */
export async function inShards(
  sharded: {
    readonly work: ShardedWork["work"];
    readonly input: Omit<ShardedWork["input"], "out"> & { readonly out: string | undefined };
  },
  flags: ShardFlags,
  onEvent: (event: EvaluationProgress) => void,
): Promise<number | undefined> {
  const { shards, on } = flags;
  if (shards === undefined) {
    if (on !== undefined) throw new UsageError("--on: expected --shards, the number of jobs, found none.");
    return undefined;
  }
  const { out } = sharded.input;
  if (out === undefined) throw new UsageError("--shards: expected --out, where answers are kept, found none.");
  const jobs = shardJobs(sharded as ShardedWork, shards);
  if (on !== undefined) {
    process.stdout.write(await writeArray(on, `${out}.jobs`, { about: {}, jobs }, flags));
    const { threads } = sharded.input.request;
    const same = threads === undefined ? "" : ` with --threads ${threads},`;
    process.stdout.write(`gather them:   the same command${same} without --shards and --on\n`);
    return 0;
  }
  const { failure, signal } = await runShards(jobs, shards, onEvent);
  if (signal !== undefined) return statusOfSignal(signal);
  if (failure !== undefined) throw new BloraError(failure.error);
  return undefined;
}
