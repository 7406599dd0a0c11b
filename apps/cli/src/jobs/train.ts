import type { PackageLookup, Registry } from "@blora/core";
import type { RunEvent, RunSummary } from "@blora/runs";
import { train } from "@blora/trainer";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { type AdapterSettings, adapterSettings } from "../run/adapter-settings.ts";
import { recordedData } from "../run/hub-data.ts";
import { openRun } from "../run/open-run.ts";
import type { RunRequest } from "../run/request.ts";
import { type ResolvedRun, resolveRun } from "../run/resolve.ts";
import { drawReport } from "../run/write-report.ts";
import { cliVersion } from "../version.ts";
import type { JobHost } from "./job.ts";

export interface TrainingInput {
  readonly request: RunRequest & AdapterFlags;
  /** Adapter folder, run directory or Hub id that training goes on from. */
  readonly adapter?: string | undefined;
  readonly overwrite: boolean;
  readonly allowConfigChange: boolean;
}

export interface TrainingResult {
  readonly summary: RunSummary;
  /** Run directory. */
  readonly out: string;
  /** Whether its task reads rows; the built-in one makes its own. */
  readonly readsRows: boolean;
}

/** Trains, or goes on with the run its folder holds; a request to stop finishes the step and saves. */
export async function trainAdapter(
  { request, adapter, overwrite, allowConfigChange }: TrainingInput,
  host: JobHost<RunEvent>,
): Promise<TrainingResult> {
  const start = adapter === undefined ? undefined : await adapterSettings(adapter, request);
  const run = await resolveTraining(request, start, overwrite);
  const { out, engine, registry, understood } = run;
  if (understood !== undefined) host.emit({ type: "note", message: understood });
  const summary = await train({
    ...(await openRun(run)),
    outputDirectory: out,
    packageOf: packagesOf(registry),
    ...(start !== undefined && { adapterDirectory: start.folder }),
    versions: { "@blora/cli": cliVersion() },
    overwrite,
    allowConfigChange,
    onEvent(event) {
      if (event.type === "start") host.stopsItself("finishing the step and saving");
      host.emit(event);
    },
    shouldStop: host.shouldStop,
  });
  await engine.release();
  if (!summary.interrupted) await drawReport(out, (message) => host.emit({ type: "warning", message }));
  return { summary, out, readsRows: run.data !== undefined };
}

/** The run, with the data at the commit it was started with where its folder holds it already. */
async function resolveTraining(
  request: RunRequest,
  start: AdapterSettings | undefined,
  overwrite: boolean,
): Promise<ResolvedRun> {
  const run = await resolveRun(request, start);
  if (overwrite || run.dataName === undefined) return run;
  const data = await recordedData(run.dataName, run.out);
  return data === undefined ? run : resolveRun({ ...request, data }, start);
}

/** Recorded with an adapter, so that a reader who lacks a plugin is told what to install. */
function packagesOf(registry: Registry): PackageLookup {
  return (reference) => {
    const name = registry.packageOf(reference);
    return name === undefined ? undefined : { package: name };
  };
}
