/** What a check found. A check counts as one; unit tests count themselves. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Shown where something failed. */
  readonly output: string;
  /** Names of what did not run. */
  readonly skippedNames?: readonly string[];
}

/** One thing that must hold before a change is merged. */
export interface Check {
  readonly name: string;
  run(): Promise<Outcome>;
}

/** The outcome of a check that holds or does not. */
export function verdict(holds: boolean, output: string): Outcome {
  return { passed: holds ? 1 : 0, failed: holds ? 0 : 1, skipped: 0, output };
}
