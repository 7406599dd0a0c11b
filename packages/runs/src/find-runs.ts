import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RUN_FILE } from "./run-config.ts";
import { RECORDS_FOLDER } from "./sweep-records.ts";

/** Folders below a folder that is searched. */
const DEPTH = 5;
const RESULTS_FILE = "results.json";

/** What lies in a folder and below. */
export interface FoundRuns {
  /** Run directories by path, each before those after it in the alphabet. */
  readonly runs: readonly string[];
  /** Folders of the results of sweeps. */
  readonly sweeps: readonly string[];
}

/**
 * Finds run directories and results of sweeps in a folder, itself among them, and in those below it. Links are not
 * followed, so that nothing outside it is found.
 */
export async function findRuns(folder: string): Promise<FoundRuns> {
  const runs: string[] = [];
  const sweeps: string[] = [];
  const search = async (path: string, depth: number): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    const names = new Set(entries.map(({ name }) => name));
    if (names.has(RUN_FILE)) return void runs.push(path);
    const isSweep = names.has(RESULTS_FILE) && names.has(RECORDS_FOLDER);
    if (isSweep) sweeps.push(path);
    if (depth === 0) return;
    const below = entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      .map(({ name }) => name)
      .filter((name) => !(isSweep && name === RECORDS_FOLDER))
      .sort();
    for (const name of below) await search(join(path, name), depth - 1);
  };
  await search(folder, DEPTH);
  return { runs, sweeps };
}
