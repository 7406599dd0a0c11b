import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { CONFIG_FILE } from "./run-config.ts";

export const METRICS_FILE = "metrics.jsonl";
export const SUMMARY_FILE = "summary.json";
/** Every matrix product of the adapters in `adapter/`, and what it costs. */
export const LEDGER_FILE = "ledger.json";
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
  new RegExp(`^(${[CONFIG_FILE, METRICS_FILE, SUMMARY_FILE, LEDGER_FILE, ...REPORT_FILES].join("|")})$`),
  new RegExp(`^(${ADAPTER_FOLDER}|${LAST_ADAPTER_FOLDER})$`),
];

/** @throws InvalidInputError where the folder cannot be made or written */
export async function createRunFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new InvalidInputError(`${path}: expected a folder that can be written, found ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

/** Removes an earlier run's files. */
export async function clearRun(runFolder: string): Promise<void> {
  for (const name of await readdir(runFolder)) {
    if (OWN_FILES.some((pattern) => pattern.test(name)))
      await rm(join(runFolder, name), { recursive: true, force: true });
  }
}
