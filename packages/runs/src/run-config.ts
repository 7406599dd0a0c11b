import { join } from "node:path";
import { readJsonFileIfPresent, writeFileDurably } from "@blora/files";
import { InvalidInputError, type JsonObject, jsonDifferences } from "@blora/spec";
import { isHarmless } from "./fingerprint.ts";

/** What a run was started with, and the mark of its folder: a folder without it is not ours to write. */
export const RUN_FILE = "blora-run.json";

/** Differences of two configurations that change what is computed, one `key: old -> new` each. */
export function configDifferences(before: JsonObject, after: JsonObject): string[] {
  return jsonDifferences(before, after)
    .filter(({ key }) => !isHarmless(key, before, after))
    .map(({ text }) => text);
}

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
