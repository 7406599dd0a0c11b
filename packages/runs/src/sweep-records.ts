import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, readJsonFile, writeFileDurably } from "@blora/files";
import { InvalidInputError } from "@blora/spec";
import { sweepRecordOf } from "./file-schemas.ts";
import type { SweepRecord } from "./sweep-record.ts";

const RECORDS_FOLDER = "runs";

/** Every record of a results folder, by run name. */
export async function readRecords(resultsFolder: string): Promise<Map<string, SweepRecord>> {
  const folder = join(resultsFolder, RECORDS_FOLDER);
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".json")).sort();
  const records = files.map((file) => readRecord(join(folder, file)));
  return new Map(records.map((record) => [record.name, record]));
}

function readRecord(path: string): SweepRecord {
  try {
    return sweepRecordOf(readJsonFile(path), path);
  } catch (cause) {
    throw new InvalidInputError(`${(cause as Error).message.replace(/\.$/, "")}. Remove it to run again.`, { cause });
  }
}

export async function writeRecord(resultsFolder: string, record: SweepRecord): Promise<void> {
  const folder = join(resultsFolder, RECORDS_FOLDER);
  await makeFolder(folder);
  await writeFileDurably(join(folder, `${record.name}.json`), `${JSON.stringify(record)}\n`);
}

/**
 * The records a table is made of: all that are kept, but those of a recipe
 * whose settings have changed since. Recipes that this sweep does not name stay.
 */
export function currentRecords(
  records: Iterable<SweepRecord>,
  plan: readonly Pick<SweepRecord, "recipe" | "task" | "settingsId">[],
): SweepRecord[] {
  const placeOf = ({ recipe, task }: Pick<SweepRecord, "recipe" | "task">): string => JSON.stringify([recipe, task]);
  const planned = new Set(plan.map(placeOf));
  const recipeOf = new Map(plan.map(({ settingsId, recipe }) => [settingsId, recipe]));
  return [...records].flatMap((record) => {
    const recipe = recipeOf.get(record.settingsId);
    if (recipe !== undefined) return [{ ...record, recipe }];
    return planned.has(placeOf(record)) ? [] : [record];
  });
}
