import { join } from "node:path";
import { readJsonFileIfPresent, writeFileDurably } from "@blora/files";
import { InvalidInputError, type JsonObject } from "@blora/spec";

/** What a run was started with, and the mark of its folder: a folder without it is not ours to write. */
export const RUN_FILE = "blora-run.json";

/** The configuration a run directory was started with, if any. */
export async function readRunConfig(runFolder: string): Promise<JsonObject | undefined> {
  return readJsonFileIfPresent(join(runFolder, RUN_FILE)) as JsonObject | undefined;
}

export async function writeRunConfig(runFolder: string, config: JsonObject): Promise<void> {
  await writeFileDurably(join(runFolder, RUN_FILE), `${JSON.stringify(config, null, 2)}\n`);
}

/** @throws InvalidInputError that prints every difference from the settings a run was started with */
export function requireSameConfig(runFolder: string, differences: readonly string[]): void {
  if (differences.length === 0) return;
  throw new InvalidInputError(
    `${runFolder}: expected the settings this run was started with, found ${differences.join("; ")}. Choose another folder, start anew with overwrite, or resume anyway with allowConfigChange.`,
  );
}
