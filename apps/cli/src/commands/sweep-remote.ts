import { openStore } from "@blora/artefacts";
import { openBullmq } from "@blora/jobs-bullmq";
import type { JobEngine } from "@blora/spec";
import { EXIT, statusOfSignal, UsageError } from "../exit.ts";
import type { Output } from "../output/progress.ts";
import { createSweepWatch } from "../output/sweep-watch.ts";
import type { RunRequest } from "../run/request.ts";
import { untilStopped } from "../run/stop-signals.ts";
import type { PlannedRun } from "../sweep/plan.ts";
import { remoteJob } from "../sweep/remote-job.ts";
import { type RemoteSweep, submitSweep, watchSweep } from "../sweep/remote-sweep.ts";
import { trainingJob } from "../sweep/training-job.ts";

/** Flags of a sweep whose runs other machines do. */
export interface RemoteFlags {
  /** Address of a queue. */
  readonly on: string;
  readonly queue?: string;
  readonly store?: string;
  readonly watch?: boolean;
  readonly cancel?: boolean;
}

export interface RemoteOptions extends Pick<RemoteSweep, "out" | "runs" | "onEnd"> {
  readonly plan: readonly PlannedRun[];
  readonly shared: RunRequest;
  readonly output: Output;
}

/** Queues, watches or cancels. @returns the exit status where the sweep is not to look at its records for one */
export async function sweepRemotely(flags: RemoteFlags, options: RemoteOptions): Promise<number | undefined> {
  const { plan, shared, output, out, runs, onEnd } = options;
  const { store: address } = flags;
  if (flags.cancel) return cancelSweep(flags, options);
  if (address === undefined) {
    throw new UsageError(
      "--on: expected --store file:<folder> or --store s3://bucket/prefix, for what the workers make, found none.",
    );
  }
  const store = openStore(address);
  const jobs = await Promise.all(plan.map((run) => remoteJob(run, shared, address)));
  const engine = openQueue(flags, output);
  try {
    const sweep: RemoteSweep = { engine, store, jobs, out, runs, onEnd };
    const left = await submitSweep(sweep);
    output.write(`${jobs.length - left.length} of ${jobs.length} runs done, ${left.length} queued or running\n`);
    if (!flags.watch) return EXIT.success;
    if (left.length === 0) return undefined;
    return await watch(sweep, left, output);
  } finally {
    await engine.close();
  }
}

/** Takes the runs out of their queue, which knows them by what they are: a store plays no part. */
async function cancelSweep(
  flags: RemoteFlags,
  { plan, shared, output }: Pick<RemoteOptions, "plan" | "shared" | "output">,
): Promise<number> {
  if (flags.watch) throw new UsageError("--cancel: expected it without --watch, found both.");
  const engine = openQueue(flags, output);
  try {
    await engine.cancel(plan.map((run) => trainingJob(run, shared).id));
    output.write("cancelled what was queued or running; workers stop within seconds\n");
    return EXIT.success;
  } finally {
    await engine.close();
  }
}

function openQueue({ on, queue }: RemoteFlags, output: Output): JobEngine {
  const onNote = (note: string): void => void output.write(`${note}\n`);
  return openBullmq(on, queue === undefined ? {} : { queue }, { onNote });
}

async function watch(
  sweep: RemoteSweep,
  left: Awaited<ReturnType<typeof submitSweep>>,
  output: Output,
): Promise<number | undefined> {
  const view = createSweepWatch(output);
  const signal = await untilStopped((stop) =>
    watchSweep(sweep, left, { signal: stop, onEvent: (event, { name }) => view.note(event, name) }),
  ).finally(() => view.end());
  if (signal === undefined) return undefined;
  output.write("the workers go on: watch them again with --watch, stop them with --cancel\n");
  return statusOfSignal(signal);
}
