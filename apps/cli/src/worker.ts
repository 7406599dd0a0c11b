import { readRun } from "@blora/report";
import { InvalidInputError } from "@blora/spec";
import { type RunEvent, type RunSummary, serveWorker, train } from "@blora/trainer";
import { isSystemError } from "./exit.ts";
import { registry } from "./registry.ts";
import { loadRun } from "./run/load-run.ts";
import type { TrainingJob } from "./run/training-thread.ts";
import { writeReport } from "./run/write-report.ts";
import { cliVersion } from "./version.ts";

await serveWorker<TrainingJob, RunSummary, RunEvent>(
  async ({ settings, overwrite, allowConfigChange }, { emit, shouldStop }) => {
    try {
      const { parts, out } = await loadRun(settings);
      const summary = await train({
        ...parts,
        outputDirectory: out,
        packageOf,
        ...(settings.adapter !== undefined && { adapterDirectory: settings.adapter }),
        versions: { "@blora/cli": cliVersion() },
        overwrite,
        allowConfigChange,
        onEvent: emit,
        shouldStop,
      });
      await parts.engine.release();
      if (!summary.interrupted)
        await readRun(out)
          .then((run) => writeReport(run))
          .catch(reportProblem(emit));
      return summary;
    } catch (error) {
      // Only errors of this project keep their class on the way to the main thread.
      throw isSystemError(error) ? new InvalidInputError(error.message, { cause: error }) : error;
    }
  },
);

/** Recorded with an adapter, so that a reader who lacks a plugin is told what to install. */
function packageOf(reference: string): { readonly package: string } | undefined {
  const name = registry.packageOf(reference);
  return name === undefined ? undefined : { package: name };
}

/** A run is not lost because its page could not be drawn. */
function reportProblem(emit: (event: RunEvent) => void): (error: Error) => void {
  return ({ message }) => emit({ type: "warning", message: `The report was not written: ${message}` });
}
