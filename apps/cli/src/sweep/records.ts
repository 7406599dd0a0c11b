import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurably } from "@blora/files";
import type { SweepRecord } from "@blora/report";
import { InvalidInputError } from "@blora/spec";
import type { PlannedRun } from "./plan.ts";

const RECORDS_FOLDER = "runs";

/** Every record of a results folder, by run name. */
export async function readRecords(resultsFolder: string): Promise<Map<string, SweepRecord>> {
  const folder = join(resultsFolder, RECORDS_FOLDER);
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".json")).sort();
  const records = await Promise.all(files.map((file) => readRecord(join(folder, file))));
  return new Map(records.map((record) => [record.name, record]));
}

async function readRecord(path: string): Promise<SweepRecord> {
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text) as SweepRecord;
  } catch {
    throw new InvalidInputError(
      `${path}: expected the JSON of a run, found ${text.slice(0, 40)}. Remove it to run again.`,
    );
  }
}

export async function writeRecord(resultsFolder: string, record: SweepRecord): Promise<void> {
  const folder = join(resultsFolder, RECORDS_FOLDER);
  await mkdir(folder, { recursive: true });
  await writeFileDurably(join(folder, `${record.name}.json`), `${JSON.stringify(record)}\n`);
}

/**
 * The records a table is made of: all that are kept, but those of a recipe
 * whose settings have changed since. Recipes that this sweep does not name stay.
 */
export function currentRecords(records: Iterable<SweepRecord>, plan: readonly PlannedRun[]): SweepRecord[] {
  const placeOf = ({ recipe, task }: Pick<PlannedRun, "recipe" | "task">): string => JSON.stringify([recipe, task]);
  const planned = new Set(plan.map(placeOf));
  const recipeOf = new Map(plan.map(({ settingsId, recipe }) => [settingsId, recipe]));
  return [...records].flatMap((record) => {
    const recipe = recipeOf.get(record.settingsId);
    if (recipe !== undefined) return [{ ...record, recipe }];
    return planned.has(placeOf(record)) ? [] : [record];
  });
}
