import { type RunEvent, type RunSummary, runInWorker } from "@blora/trainer";
import type { RunSettings } from "./settings.ts";

/** What the training thread is asked to do. Plain data. */
export interface TrainingJob {
  readonly settings: RunSettings;
  readonly overwrite: boolean;
  readonly allowConfigChange: boolean;
}

/**
 * Trains in a thread of its own: a step blocks its thread, and progress and
 * signals must not wait for it. Aborting finishes the step, saves and returns.
 */
export function trainInThread(
  job: TrainingJob,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<RunSummary> {
  return runInWorker<RunSummary, RunEvent>(new URL("./worker.js", import.meta.url), job, { onEvent, signal });
}
