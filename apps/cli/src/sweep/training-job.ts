import { existsSync } from "node:fs";
import { join } from "node:path";
import { createLockWatch, LOCK_FILE, readJsonFileIfPresent } from "@blora/files";
import { REPORT_PAGE } from "@blora/report";
import {
  decidingSettings,
  fingerprintOf,
  machine,
  type RunEvent,
  type RunSummary,
  readRunConfig,
  SUMMARY_FILE,
  type SweepOutcome,
  type SweepRecord,
} from "@blora/runs";
import { BloraError, type Job, type JobResult, type JobRun, type JsonObject, type Lease, toJson } from "@blora/spec";
import { InterruptedError } from "../exit.ts";
import { type ChildSource, runInChild } from "../run/child.ts";
import type { RunRequest } from "../run/request.ts";
import { drawReport } from "../run/write-report.ts";
import { type PlannedRun, withoutSeed } from "./plan.ts";

/** Errors that every attempt would end in, on every machine, by name because they come from child processes. */
const FINAL: ReadonlySet<string> = new Set(["InvalidInputError", "NotFoundError", "PluginError", "UsageError"]);

interface TrainingManifest {
  readonly work: "training";
  readonly run: PlannedRun;
  /** What goes for every run of the sweep: data, engine. */
  readonly request: RunRequest;
}

/** A planned run as a job: equal settings and seed, equal id. */
export function trainingJob(run: PlannedRun, request: RunRequest): Job {
  const manifest: TrainingManifest = { work: "training", run, request };
  return {
    id: fingerprintOf({ settings: run.settings, seed: run.seed }),
    manifest: toJson(manifest) as JsonObject,
    needs: { memoryBytes: run.memoryBytes, threads: request.threads ?? 1 },
    inputs: [],
  };
}

export function plannedRunOf({ manifest }: Job): PlannedRun {
  return (manifest as unknown as TrainingManifest).run;
}

/** What a results folder keeps of a run that ended. */
export function sweepRecord(
  { recipeFile: _, memoryBytes: __, ...planned }: PlannedRun,
  outcome: SweepOutcome,
): SweepRecord {
  return { formatVersion: 2, ...planned, machine: machine(), outcome };
}

export interface TrainingOptions {
  /** Folder of the run directories. */
  readonly runs: string;
  onStart?(run: PlannedRun): void;
  onEvent?(event: RunEvent): void;
  /** Where processes of runs come from. Default: each is started when its run begins. */
  readonly children?: ChildSource;
  /** Told where a signal to this process asked a run to stop. */
  onSignal?(signal: NodeJS.Signals): void;
}

/** Trains what a job describes, in a process of its own; the record it gives is a `SweepRecord`. */
export function trainingRun(options: TrainingOptions): JobRun {
  const watch = createLockWatch();
  return async (job, lease) => {
    const run = plannedRunOf(job);
    const folder = join(options.runs, run.name);
    // Somebody else may train there without a lease.
    if ((await watch.judge(join(folder, LOCK_FILE))).state !== "free") return { status: "released" };
    options.onStart?.(run);
    const earlier = await finishedSummary(run, folder);
    if (earlier === undefined) return train(job, folder, lease, options);
    // A run may have been killed between its summary and its page.
    if (!existsSync(join(folder, REPORT_PAGE))) {
      await drawReport(folder, (message) => options.onEvent?.({ type: "warning", message }));
    }
    return done(run, earlier);
  };
}

async function train(job: Job, folder: string, lease: Lease, options: TrainingOptions): Promise<JobResult> {
  const { run, request: shared } = job.manifest as unknown as TrainingManifest;
  const request = { ...shared, config: run.recipeFile, task: run.task, seed: run.seed, out: folder };
  const stopping = new AbortController();
  const onEvent = (event: RunEvent): void => {
    options.onEvent?.(event);
    if (event.type !== "step") return;
    const heard = lease.heartbeat({ step: event.step, steps: event.totalSteps });
    // Who cannot ask goes on: the record is written under a lease that is asked for again.
    void heard
      .catch(() => "keep")
      .then((answer) => {
        if (answer === "stop") stopping.abort();
      });
  };
  try {
    const { result, signal } = await runInChild(
      "training",
      { request, overwrite: false, allowConfigChange: false },
      { onEvent, stop: AbortSignal.any([lease.signal, stopping.signal]), children: options.children },
    );
    if (signal !== undefined) options.onSignal?.(signal);
    if (result.summary.interrupted) return { status: "released" };
    if (await isSameRun(run, folder)) return done(run, result.summary);
    return { status: "failed", error: "Its recipe, weights or data changed while the sweep ran." };
  } catch (error) {
    return resultOfError(error, lease, options);
  }
}

function done(run: PlannedRun, summary: RunSummary): JobResult {
  return { status: "done", record: toJson(sweepRecord(run, { status: "done", summary })) as JsonObject };
}

/**
 * @param lease of the job: where it stopped the run, no signal to this process did
 * @throws the error where another attempt may end otherwise
 */
export function resultOfError(
  error: unknown,
  lease: Lease,
  { onSignal }: Pick<TrainingOptions, "onSignal">,
): JobResult {
  if (error instanceof InterruptedError) {
    if (!lease.signal.aborted) onSignal?.(error.signal);
    return { status: "released" };
  }
  const { name, message } = error as Error;
  if (name === "FolderInUseError") return { status: "released" };
  // A code is of the file system or the network of this machine.
  if (BloraError.isInstance(error) && FINAL.has(name) && !("code" in error))
    return { status: "failed", error: message };
  throw error;
}

/** The summary of a run that was finished, but not recorded. */
async function finishedSummary(run: PlannedRun, folder: string): Promise<RunSummary | undefined> {
  const summary = readJsonFileIfPresent(join(folder, SUMMARY_FILE)) as unknown as RunSummary | undefined;
  return summary !== undefined && (await isSameRun(run, folder)) ? summary : undefined;
}

/** Whether a run directory is of the settings that were planned. */
export async function isSameRun({ settings }: PlannedRun, folder: string): Promise<boolean> {
  const config = await readRunConfig(folder);
  return config !== undefined && fingerprintOf(withoutSeed(decidingSettings(config))) === fingerprintOf(settings);
}
