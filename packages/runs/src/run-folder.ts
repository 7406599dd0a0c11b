import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { LOCK_FILE, makeFolder } from "@blora/files";
import { InvalidInputError } from "@blora/spec";
import { RUN_FILE } from "./run-config.ts";

export const METRICS_FILE = "metrics.jsonl";
export const SUMMARY_FILE = "summary.json";
/** Every matrix product of the adapters in `adapter/`, and what it costs. */
export const LEDGER_FILE = "ledger.json";
/** How the weights in `adapter/` answered the deciding split. */
export const ANSWERS_FILE = "answers.json";
/** The run as a page, written by whoever renders it. */
const REPORT_FILES = ["report.html", "report.md"];
/** The weights a run reports. */
export const ADAPTER_FOLDER = "adapter";
/** The last step's weights, where `adapter/` holds better ones. */
export const LAST_ADAPTER_FOLDER = "adapter-last";

/** Everything a run writes: nothing else is ever removed. */
const OWN_FILES = [
  /^checkpoint-\d+$/,
  /^\.(partial|replaced)-/,
  /^events\.out\.tfevents\./,
  new RegExp(`^(${[RUN_FILE, METRICS_FILE, SUMMARY_FILE, LEDGER_FILE, ANSWERS_FILE, ...REPORT_FILES].join("|")})$`),
  new RegExp(`^(${ADAPTER_FOLDER}|${LAST_ADAPTER_FOLDER})$`),
];

/** What a folder may hold before its first run: what file managers, one who is first and a process that died early leave. */
const NO_FILES = new RegExp(`^(${LOCK_FILE}|\\.DS_Store|Thumbs\\.db|\\.(partial|replaced)-.*)$`);
const FILES_NAMED = 3;

/**
 * Makes a folder for a run, or takes one that holds a run.
 *
 * @throws InvalidInputError where the folder cannot be made or written, or holds files and no run: a model's, a
 *   project's, somebody's
 */
export async function claimRunFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    throw new InvalidInputError(`${path}: expected a folder that can be written, found ${(error as Error).message}.`, {
      cause: error,
    });
  }
  const names = (await readdir(path)).sort();
  const foreign = names.filter((name) => !NO_FILES.test(name));
  if (foreign.length === 0 || names.includes(RUN_FILE)) return;
  const others = foreign.length > FILES_NAMED ? ` and ${foreign.length - FILES_NAMED} more` : "";
  throw new InvalidInputError(
    `${path}: expected a folder that is absent, empty or a run's, with a ${RUN_FILE}; found ${foreign.slice(0, FILES_NAMED).join(", ")}${others}. Choose another folder: nothing was written.`,
  );
}

/** Removes what killed processes left half-made; for who holds the folder's lock, so that nobody is just making it. */
export async function removeHalfMade(runFolder: string): Promise<void> {
  const names = (await readdir(runFolder)).filter((name) => /^\.(partial|replaced)-/.test(name));
  // Somebody may be trying to take the lock meanwhile.
  const left = names.filter((name) => !name.startsWith(`.partial-${LOCK_FILE}`));
  for (const name of left) await rm(join(runFolder, name), { recursive: true, force: true });
}

/** Removes an earlier run's files. */
export async function clearRun(runFolder: string): Promise<void> {
  for (const name of await readdir(runFolder)) {
    if (OWN_FILES.some((pattern) => pattern.test(name)))
      await rm(join(runFolder, name), { recursive: true, force: true });
  }
}
