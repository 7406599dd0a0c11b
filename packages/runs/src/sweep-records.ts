import { join } from "node:path";
import { makeFolder, readJsonFile, writeFileDurably } from "@blora/files";
import { InvalidInputError } from "@blora/spec";
import { sweepRecordOf } from "./file-schemas.ts";
import { namesIn } from "./names-in.ts";
import type { SweepRecord } from "./sweep-record.ts";

export const RECORDS_FOLDER = "runs";

/**
 * Every record of a results folder, by run name.
 *
 * @throws InvalidInputError for one that is damaged
 */
export async function readRecords(resultsFolder: string): Promise<Map<string, SweepRecord>> {
  const { records, problems } = await readRecordParts(resultsFolder);
  if (problems[0] !== undefined) throw problems[0];
  return records;
}

/** The records of a results folder that can be read, by run name, and what is wrong with each of the others. */
export async function readRecordParts(
  resultsFolder: string,
): Promise<{ readonly records: Map<string, SweepRecord>; readonly problems: readonly Error[] }> {
  const folder = join(resultsFolder, RECORDS_FOLDER);
  const files = (await namesIn(folder)).filter((file) => file.endsWith(".json")).sort();
  const records = new Map<string, SweepRecord>();
  const problems: Error[] = [];
  for (const file of files) {
    try {
      const record = readRecord(join(folder, file));
      records.set(record.name, record);
    } catch (error) {
      problems.push(error as Error);
    }
  }
  return { records, problems };
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

/** What a row of a table is of. */
export type TableRow = Pick<SweepRecord, "recipe" | "task" | "settingsId">;

/**
 * The records a table is made of: all that are kept, but those of a recipe
 * whose settings have changed since. Recipes that this sweep does not name stay as the table before shows them.
 *
 * @param shown rows of the table before
 */
export function currentRecords(
  records: Iterable<SweepRecord>,
  plan: readonly TableRow[],
  shown: readonly TableRow[] = [],
): SweepRecord[] {
  const placeOf = ({ recipe, task }: TableRow): string => JSON.stringify([recipe, task]);
  const planned = new Set(plan.map(placeOf));
  const recipeOf = new Map(plan.map(({ settingsId, recipe }) => [settingsId, recipe]));
  const places = new Set(shown.map(placeOf));
  const rows = new Set(shown.map((row) => `${placeOf(row)}${row.settingsId}`));
  return [...records].flatMap((record) => {
    const recipe = recipeOf.get(record.settingsId);
    if (recipe !== undefined) return [{ ...record, recipe }];
    const place = placeOf(record);
    const isReplaced = planned.has(place) || (places.has(place) && !rows.has(`${place}${record.settingsId}`));
    return isReplaced ? [] : [record];
  });
}
