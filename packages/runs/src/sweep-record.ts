import type { JsonObject } from "@blora/spec";
import type { Machine } from "./machine.ts";
import type { RunSummary } from "./summary.ts";

/** One finished run of a sweep, as a small file keeps it. */
export interface SweepRecord {
  readonly formatVersion: 2;
  /** Folder of the run and name of the file: task, method, settings, seed. */
  readonly name: string;
  /** Name of the recipe that asked for the run. */
  readonly recipe: string;
  /** Last part of the model's name, for people: `settings` know it by its content. */
  readonly model: string;
  readonly task: string;
  readonly seed: number;
  /** Everything the result depends on but the seed, see `decidingSettings`. */
  readonly settings: JsonObject;
  /** Names `settings`: equal settings, equal names. */
  readonly settingsId: string;
  /** Where and when it ran. */
  readonly machine: Machine;
  readonly outcome: SweepOutcome;
}

/** A failed run is run again by the next sweep. */
export type SweepOutcome =
  | { readonly status: "done"; readonly summary: RunSummary }
  | { readonly status: "failed"; readonly error: string };
