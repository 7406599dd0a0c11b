import { readRun } from "@blora/report";
import { type RunEvent, type RunSummary, train } from "@blora/trainer";
import { registry } from "../registry.ts";
import { loadRun } from "../run/load-run.ts";
import type { RunSettings } from "../run/settings.ts";
import { writeReport } from "../run/write-report.ts";
import { cliVersion } from "../version.ts";
import type { JobHost } from "./job.ts";

export interface TrainingInput {
  readonly settings: RunSettings;
  readonly overwrite: boolean;
  readonly allowConfigChange: boolean;
}

/** Trains, or goes on with the run its folder holds; a request to stop finishes the step and saves. */
export async function trainAdapter(
  { settings, overwrite, allowConfigChange }: TrainingInput,
  host: JobHost<RunEvent>,
): Promise<RunSummary> {
  const { parts, out } = await loadRun(settings);
  const summary = await train({
    ...parts,
    outputDirectory: out,
    packageOf,
    ...(settings.adapter !== undefined && { adapterDirectory: settings.adapter }),
    versions: { "@blora/cli": cliVersion() },
    overwrite,
    allowConfigChange,
    onEvent(event) {
      if (event.type === "start") host.stopsItself("finishing the step and saving");
      host.emit(event);
    },
    shouldStop: host.shouldStop,
  });
  await parts.engine.release();
  if (!summary.interrupted) await reportOf(out, host);
  return summary;
}

/** Recorded with an adapter, so that a reader who lacks a plugin is told what to install. */
function packageOf(reference: string): { readonly package: string } | undefined {
  const name = registry.packageOf(reference);
  return name === undefined ? undefined : { package: name };
}

/** A run is not lost because its page could not be drawn. */
async function reportOf(folder: string, { emit }: JobHost<RunEvent>): Promise<void> {
  try {
    await writeReport(await readRun(folder));
  } catch (error) {
    emit({ type: "warning", message: `The report was not written: ${(error as Error).message}` });
  }
}
