import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { engineText, measuredLines, measuredOf } from "@blora/report";
import { ADAPTER_FOLDER, type RunSummary, readRun, SUMMARY_FILE } from "@blora/runs";

/** What the run ended with that a path names, itself or by its adapter; undefined for an adapter without its run. */
export async function summaryOfRun(path: string): Promise<RunSummary | undefined> {
  const folder = basename(resolve(path)) === ADAPTER_FOLDER ? dirname(resolve(path)) : path;
  return existsSync(join(folder, SUMMARY_FILE)) ? (await readRun(folder)).summary : undefined;
}

/** Seconds that a run measured, as facts with a name. */
export function measuredFacts(summary: RunSummary | undefined): [string, string][] {
  if (summary === undefined) return [];
  const lines = measuredLines(summary);
  return lines.map(([name, seconds]) => [`seconds per ${name}`, `${seconds}, by ${engineText(summary.engine)}`]);
}

/** The same for JSON. */
export function measuredJson(summary: RunSummary | undefined): object {
  return summary === undefined ? {} : { measured: { ...measuredOf(summary), engine: summary.engine } };
}
