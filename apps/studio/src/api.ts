import type { Results } from "@blora/report";
import type { RunFiles } from "@blora/runs";

/** A line of the list of runs. */
export interface RunEntry {
  /** Names the run in addresses. */
  readonly id: string;
  readonly task: string;
  readonly model: string;
  readonly method: string;
  readonly seed: number | null;
  readonly state: "running" | "finished" | "stopped";
  /** Updates made. */
  readonly step: number;
  /** The primary metric of a finished run; of an unfinished one the first score of its newest evaluation. */
  readonly score: { readonly name: string; readonly value: number | null; readonly majority: number | null } | null;
  /** Share of the bit operations of LoRA in 32 bit; null where nothing is known of it. */
  readonly costRatio: number | null;
  /** When its files changed, in milliseconds since 1970. */
  readonly changed: number;
  /** What is wrong with its files, in one line; null where nothing is. */
  readonly problem: string | null;
}

/** What `api/runs` answers. */
export interface RunList {
  /** Folders that were searched. */
  readonly folders: readonly string[];
  /** The newest first. */
  readonly runs: readonly RunEntry[];
  /** Names of the results of sweeps. */
  readonly sweeps: readonly string[];
}

/**
 * A run as far as it has come: what `api/runs/<id>` answers, and the event `run` of `api/runs/<id>/events`, which also
 * sends `metrics` with what the log gains.
 */
export interface LiveRun extends RunFiles {
  /** What is wrong with its files, a line each. */
  readonly problems: readonly string[];
  /** Whether a process is at it. */
  readonly isRunning: boolean;
}

/** What `api/sweeps/<id>` answers. */
export interface SweepResults {
  readonly title: string;
  readonly results: Results;
  /** What is wrong with its records, a line each; those are left out. */
  readonly problems: readonly string[];
}
