import { InvalidInputError } from "@blora/spec";
import { type RunEvent, type RunSummary, serveWorker, train } from "@blora/trainer";
import { isSystemError } from "./exit.ts";
import { loadRun } from "./run/load-run.ts";
import type { TrainingJob } from "./run/training-thread.ts";
import { cliVersion } from "./version.ts";

await serveWorker<TrainingJob, RunSummary, RunEvent>(
  async ({ settings, overwrite, allowConfigChange }, { emit, shouldStop }) => {
    try {
      const { parts, out } = await loadRun(settings);
      const summary = await train({
        ...parts,
        outputDirectory: out,
        versions: { "@blora/cli": cliVersion() },
        overwrite,
        allowConfigChange,
        onEvent: emit,
        shouldStop,
      });
      await parts.engine.release();
      return summary;
    } catch (error) {
      // Only errors of this project keep their class on the way to the main thread.
      throw isSystemError(error) ? new InvalidInputError(error.message, { cause: error }) : error;
    }
  },
);
