import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tfjs } from "@blora/engine-tfjs";
import type { RunEvent } from "../src/events.ts";
import type { TrainRun } from "../src/run.ts";
import { architecture, costModel, letterTask, plainLora, tokenizer, writeTinyCheckpoint } from "./tiny-problem.ts";

export const TINY_ARGUMENTS = {
  learningRate: 0.05,
  perDeviceTrainBatchSize: 8,
  perDeviceEvalBatchSize: 16,
  numTrainEpochs: 2,
  maxSeqLength: 24,
  padToMultipleOf: 8,
  loggingSteps: 1,
  seed: 7,
} as const;

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "blora-trainer-"));
}

/** A run of a second or less on the portable engine. */
export function tinyRun(outputDirectory: string, change: Partial<TrainRun> = {}): TrainRun {
  return {
    architecture,
    method: plainLora(),
    task: letterTask(),
    costModel,
    engine: tfjs({ backend: "cpu" }),
    tokenizer,
    checkpoint: writeTinyCheckpoint(join(tmpdir(), `blora-trainer-model-${process.pid}`)),
    model: "tiny",
    outputDirectory,
    arguments: TINY_ARGUMENTS,
    ...change,
  };
}

/** A listener and what it heard. */
export function recorder(): { events: RunEvent[]; onEvent: (event: RunEvent) => void } {
  const events: RunEvent[] = [];
  return { events, onEvent: (event) => void events.push(event) };
}
