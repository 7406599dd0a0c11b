import { availableParallelism, totalmem } from "node:os";
import { resolve } from "node:path";
import { openStore } from "@blora/artefacts";
import { openBullmq } from "@blora/jobs-bullmq";
import type { RunEvent } from "@blora/runs";
import type { JobCapacity, JobRun } from "@blora/spec";
import type { Command } from "commander";
import { statusOfSignal } from "../exit.ts";
import { createEvaluationLine } from "../output/evaluation-line.ts";
import { createProgress } from "../output/progress.ts";
import { describeTimes, type RunClock, startRunClock } from "../output/run-times.ts";
import { createSpareChild } from "../run/child.ts";
import { onStopSignal } from "../run/stop-signals.ts";
import { storedShard } from "../shards/stored-shard.ts";
import { storeAddressOf } from "../sweep/remote-job.ts";
import { storedRun, type WorkerFault } from "../sweep/stored-run.ts";
import { positiveInteger, positiveNumber } from "./number-flags.ts";

interface WorkerFlags {
  readonly on: string;
  readonly store?: string;
  readonly queue?: string;
  readonly runs: string;
  readonly data?: string;
  readonly offline?: boolean;
  readonly threads?: number;
  readonly memory?: number;
  readonly lease?: number;
}

/** Of what there is, for the rest of the machine. */
const SHARE_OF_MEMORY = 0.9;

export function addWorkerCommand(program: Command, exit: (status: number) => void): void {
  program
    .command("worker")
    .description(
      "do the runs of sweeps and the shards of evaluations that were queued with --on, one at a time, until it is interrupted",
    )
    .requiredOption("--on <address>", "server of the queue: redis://host, or rediss://host for an encrypted connection")
    .option("--queue <name>", "queue on that server (default: blora)")
    .option(
      "--store <address>",
      "where checkpoints and results go: file:<folder> or s3://bucket/prefix (default: as the sweep says)",
    )
    .option("--runs <folder>", "run directories of this machine", "runs/worker")
    .option("--data <folder>", "folder of the tasks' files on this machine (default: as the sweep says)")
    .option("--offline", "use only what the Hub cache holds")
    .option("--threads <count>", "threads that a run may take here (default: one for each core)", positiveInteger)
    .option("--memory <GiB>", "memory that a run may take here (default: nine tenths of all)", positiveNumber)
    .option(
      "--lease <seconds>",
      "time after which others do its run where it is not heard of (default: 60)",
      positiveNumber,
    )
    .action(async (flags: WorkerFlags) => exit(await work(flags)));
}

async function work(flags: WorkerFlags): Promise<number> {
  const { on, store, queue, runs, data, offline, threads, lease } = flags;
  const output = { isTTY: process.stderr.isTTY, write: (text: string) => process.stderr.write(text) };
  const line = (text: string): boolean => output.write(`${text}\n`);
  const engine = openBullmq(
    on,
    { ...(queue !== undefined && { queue }), ...(lease !== undefined && { leaseSeconds: lease }) },
    { onNote: line },
  );
  const stopping = new AbortController();
  let fault: WorkerFault | undefined;
  let signal: NodeJS.Signals | undefined;
  const onSignal = (received: NodeJS.Signals): void => {
    // Where a run has a process of its own, who started that ends both.
    if (signal !== undefined && process.listenerCount(received) === 1) process.exit(statusOfSignal(received));
    signal ??= received;
    stopping.abort();
  };
  const progress = createProgress(output);
  const onAnswers = createEvaluationLine(output);
  const children = createSpareChild();
  let clock: RunClock | undefined;
  const options = {
    children,
    runs: resolve(runs),
    request: { data, offline, threads },
    onStart: ({ task, recipe, seed }: { task: string; recipe: string; seed: number }) =>
      line(`\n${task}, ${recipe}, seed ${seed}`),
    onEvent(event: RunEvent) {
      clock?.note(event);
      progress(event);
      // Not before: until then, the run is still being read.
      if (event.type === "step") children.prepare();
    },
    onFault(found: WorkerFault) {
      fault = found;
      stopping.abort();
    },
  };
  const run: JobRun = async (job, lease) => {
    clock = startRunClock();
    const open = () => openStore(store ?? storeAddressOf(job));
    if (job.manifest.work !== "training") {
      const { runs, onFault } = options;
      return storedShard(open(), { runs, request: { data, offline }, onEvent: onAnswers, onFault })(job, lease);
    }
    const result = await storedRun(open, options)(job, lease);
    if (result.status === "done") line(describeTimes(clock.times()));
    return result;
  };
  const endListening = onStopSignal(onSignal);
  try {
    line("waiting for jobs");
    children.prepare();
    await engine.work(run, { signal: stopping.signal, capacity: capacityOf(flags) });
  } finally {
    endListening();
    children.end();
    await engine.close();
  }
  if (fault !== undefined) throw fault;
  return signal === undefined ? 0 : statusOfSignal(signal);
}

function capacityOf({ threads = availableParallelism(), memory }: WorkerFlags): JobCapacity {
  // What a container may have is less than what the machine has.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const memoryBytes = memory === undefined ? SHARE_OF_MEMORY * Math.min(totalmem(), limit) : memory * 2 ** 30;
  return { memoryBytes, threads, providers: ["cpu"] };
}
