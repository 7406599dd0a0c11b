import { stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { createLockWatch, LOCK_FILE } from "@blora/files";
import { findRuns, LEDGER_FILE, METRICS_FILE, RUN_FILE, readRunParts, SUMMARY_FILE } from "@blora/runs";
import type { LiveRun, RunEntry, RunList } from "@blora/studio";
import { runEntry } from "./run-entry.ts";

/** The runs and sweeps below some folders, by names that lead nowhere else. */
export interface RunCatalogue {
  list(): Promise<RunList>;
  /** Folder of a run or sweep that `list` names; undefined for any other name. */
  runFolder(id: string): Promise<string | undefined>;
  sweepFolder(id: string): Promise<string | undefined>;
  readRun(folder: string): Promise<LiveRun>;
  /** Changes where something but the log of a run changes. */
  stateOf(folder: string): Promise<string>;
}

/** Files by which a run is known to have changed. */
const WATCHED = [RUN_FILE, SUMMARY_FILE, LEDGER_FILE, METRICS_FILE] as const;

/** Reads runs below `folders` when asked, each again only where its files changed. */
export function createRunCatalogue(folders: readonly string[]): RunCatalogue {
  const watch = createLockWatch();
  const known = new Map<string, { readonly state: string; readonly entry: RunEntry }>();

  const find = async () => {
    const found = await Promise.all(
      folders.map(async (folder) => {
        const { runs, sweeps } = await findRuns(resolve(folder));
        const named = (paths: readonly string[]) => paths.map((path) => [idOf(folder, path), path] as const);
        return { runs: named(runs), sweeps: named(sweeps) };
      }),
    );
    return {
      runs: new Map(found.flatMap(({ runs }) => runs)),
      sweeps: new Map(found.flatMap(({ sweeps }) => sweeps)),
    };
  };
  const isRunning = async (folder: string) =>
    (await watch.judge(join(folder, LOCK_FILE)).catch(() => undefined))?.state === "held";
  const stateOf = async (folder: string, files: readonly string[]) =>
    JSON.stringify([await isRunning(folder), await Promise.all(files.map((name) => versionOf(join(folder, name))))]);
  const readLive = async (folder: string): Promise<LiveRun> => {
    const { problems, ...run } = await readRunParts(folder);
    const messages = problems.map(({ message }) => message.split("\n")[0]!);
    return { ...run, problems: messages, isRunning: await isRunning(folder) };
  };
  const entryOf = async ([id, folder]: readonly [string, string]): Promise<RunEntry[]> => {
    const state = await stateOf(folder, WATCHED);
    const earlier = known.get(id);
    if (earlier?.state === state) return [earlier.entry];
    try {
      const changed = await newestOf(WATCHED.map((name) => join(folder, name)));
      const entry = runEntry(id, await readLive(folder), changed);
      known.set(id, { state, entry });
      return [entry];
    } catch {
      // Removed since it was found.
      return [];
    }
  };
  return {
    async list() {
      const { runs, sweeps } = await find();
      const entries: RunEntry[] = [];
      // One after another: each may hold a long log.
      for (const run of runs) entries.push(...(await entryOf(run)));
      return {
        folders,
        runs: entries.sort((a, b) => b.changed - a.changed),
        sweeps: [...sweeps.keys()],
      };
    },
    runFolder: async (id) => (await find()).runs.get(id),
    sweepFolder: async (id) => (await find()).sweeps.get(id),
    readRun: readLive,
    stateOf: (folder) =>
      stateOf(
        folder,
        WATCHED.filter((name) => name !== METRICS_FILE),
      ),
  };
}

/** `runs/sst2` for `/home/me/runs/sst2`, found in `runs`. */
function idOf(folder: string, path: string): string {
  const id = [folder, ...relative(resolve(folder), path).split(sep)].filter((part) => part !== "").join("/");
  // These alone are resolved by whoever asks for an address, however they are written.
  return id === "." || id === ".." ? `${id}/` : id;
}

async function versionOf(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined ? "" : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}

async function newestOf(paths: readonly string[]): Promise<number> {
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}
