import { availableParallelism } from "node:os";
import { openStore } from "@blora/artefacts";
import { isQueueAddress, openBullmq } from "@blora/jobs-bullmq";
import { BloraError } from "@blora/spec";
import type { Command } from "commander";
import { positiveInteger } from "../commands/number-flags.ts";
import { statusOfSignal, UsageError } from "../exit.ts";
import type { EvaluationProgress } from "../output/evaluation-line.ts";
import type { RunRequest } from "../run/request.ts";
import { untilStopped } from "../run/stop-signals.ts";
import { ARRAYS, type ArrayFlags, type ArrayKind, addArrayFlags, writeArray } from "../sweep/array.ts";
import { requireQueue } from "../sweep/queue-flags.ts";
import { answerRemotely, remoteShardJobs } from "./remote-shards.ts";
import { runShards, type ShardedWork, shardJobs } from "./shard-jobs.ts";

/** Flags of commands whose work may be done in shards. */
export interface ShardFlags extends ArrayFlags {
  readonly shards?: number;
  /** What a list is written for, or the address of a queue. */
  readonly on?: string;
  readonly queue?: string;
  readonly store?: string;
}

export function addShardFlags(command: Command): Command {
  command
    .option(
      "--shards <count>",
      "answer in so many parts, each in a process of its own, to the same bits",
      positiveInteger,
    )
    .option(
      "--on <where>",
      `shards: write them as a list for ${ARRAYS.join(", ")}, or have them answered by blora worker: redis://host, rediss://host`,
      parseOn,
    )
    .option("--queue <name>", "queue on that server (default: blora)")
    .option("--store <address>", "where workers put what they answer: file:<folder> or s3://bucket/prefix");
  return addArrayFlags(command);
}

function parseOn(text: string): string {
  if ((ARRAYS as readonly string[]).includes(text) || isQueueAddress(text)) return text;
  // An address of another kind may hold a password, and other errors repeat what they are about.
  throw new UsageError(`--on: expected ${ARRAYS.join(", ")} or an address such as redis://host, found other.`);
}

const SHARD_FLAGS: ReadonlySet<string> = new Set<keyof ShardFlags>([
  "shards",
  "on",
  "queue",
  "store",
  "atOnce",
  "command",
  "image",
  "claim",
]);

/** Flags that the work itself is not told. */
export function withoutShardFlags<Flags extends ShardFlags>(flags: Flags): Omit<Flags, keyof ShardFlags> {
  const rest = Object.entries(flags).filter(([name]) => !SHARD_FLAGS.has(name));
  return Object.fromEntries(rest) as Omit<Flags, keyof ShardFlags>;
}

/** The threads each shard gets: their part of this machine's, or what a process is given by whoever starts it. */
export function sharedThreads({ engine, threads }: RunRequest, { shards = 1, on }: ShardFlags): number | undefined {
  if (threads !== undefined || shards === 1 || (engine ?? "onnx") !== "onnx") return threads;
  return on === undefined ? Math.max(1, Math.floor(availableParallelism() / shards)) : 1;
}

/**
 * Has all shards answered, here or by workers, so that the command finds every answer; or writes them as a list of jobs.
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
  requireQueue(flags);
  const { shards, on } = flags;
  if (shards === undefined) {
    if (on !== undefined) throw new UsageError("--on: expected --shards, the number of jobs, found none.");
    return undefined;
  }
  if (sharded.input.out === undefined)
    throw new UsageError("--shards: expected --out, where answers are kept, found none.");
  const work = sharded as ShardedWork;
  if (on !== undefined && isQueueAddress(on)) return onQueue(work, shards, { ...flags, on }, onEvent);
  const jobs = shardJobs(work, shards);
  if (on !== undefined) {
    process.stdout.write(await writeArray(on as ArrayKind, `${work.input.out}.jobs`, { about: {}, jobs }, flags));
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

async function onQueue(
  work: ShardedWork,
  shards: number,
  { on, queue, store: address }: ShardFlags & { readonly on: string },
  onEvent: (event: EvaluationProgress) => void,
): Promise<number | undefined> {
  if (address === undefined) {
    throw new UsageError(
      "--on: expected --store file:<folder> or --store s3://bucket/prefix, for what the workers answer, found none.",
    );
  }
  const store = openStore(address);
  const jobs = await remoteShardJobs(work, shards, { store, address });
  const onNote = (note: string): boolean => process.stderr.write(`${note}\n`);
  const engine = openBullmq(on, queue === undefined ? {} : { queue }, { onNote });
  const signal = await untilStopped((stop) =>
    answerRemotely(jobs, { engine, store, out: work.input.out, signal: stop, onEvent }),
  ).finally(() => engine.close());
  if (signal === undefined) return undefined;
  process.stderr.write("the workers go on: the same command takes their answers\n");
  return statusOfSignal(signal);
}
