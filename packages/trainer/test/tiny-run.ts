import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent } from "@blora/runs";
import type { Checkpoint } from "@blora/weights";
import { afterAll } from "vitest";
import type { TrainRun } from "../src/run.ts";
import { tinyParts } from "./tiny-parts.ts";
import { writeTinyCheckpoint } from "./tiny-problem.ts";

export { RESUME_ARGUMENTS, TINY_ARGUMENTS } from "./tiny-parts.ts";

/** One checkpoint for all runs of a test file. */
let shared: Checkpoint | undefined;

afterAll(() => {
  if (shared !== undefined) rmSync(shared.folder, { recursive: true, force: true });
});

/** A small run into a folder, with some parts changed. */
export function tinyRun(outputDirectory: string, change: Partial<TrainRun> = {}): TrainRun {
  shared ??= writeTinyCheckpoint(mkdtempSync(join(tmpdir(), "blora-trainer-model-")));
  return { ...tinyParts(shared, outputDirectory), ...change };
}

/** A listener and what it heard. */
export function recorder(): { events: RunEvent[]; onEvent: (event: RunEvent) => void } {
  const events: RunEvent[] = [];
  return { events, onEvent: (event) => void events.push(event) };
}
