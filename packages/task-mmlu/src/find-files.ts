import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import type { Subject } from "./subjects.ts";

export const SPLITS = ["test", "validation", "dev"] as const;

/** `test` is scored, `dev` holds the shots. */
export type SplitName = (typeof SPLITS)[number];

/** A data file, and the subject all its rows belong to where its place says so. */
export interface DataFile {
  readonly path: string;
  readonly subject?: Subject;
}

/** The original files call `validation` `val`. */
const FILE_NAMES: Readonly<Record<SplitName, readonly string[]>> = {
  test: ["test"],
  validation: ["validation", "val"],
  dev: ["dev"],
};

/**
 * The files of a split, in whichever layout the folder has: the original's
 * `test/anatomy_test.csv`, the Hub's `anatomy/test-00000-of-00001.parquet`, or
 * one file for all subjects in the folder or its `all`; jsonl wherever parquet.
 *
 * @throws NotFoundError where there is none, or naming every subject without a file
 */
export async function findFiles(folder: string, split: SplitName, subjects: readonly Subject[]): Promise<DataFile[]> {
  const entries = await entriesOf(folder);
  if (entries.length === 0) throw new NotFoundError(`The data folder ${folder} is empty or cannot be read.`);
  const bySubject =
    (await csvFiles(folder, entries, split, subjects)) ?? (await hubFiles(folder, entries, split, subjects));
  if (bySubject !== undefined) return requireEverySubject(bySubject, folder, split, subjects);
  for (const place of [join(folder, "all"), folder]) {
    const files = splitFiles(await entriesOf(place), split);
    if (files.length > 0) return files.map((file) => ({ path: join(place, file) }));
  }
  throw new NotFoundError(
    `${folder} has no ${split} questions: expected ${split}/<subject>_${split}.csv, or <subject>/${split} or all/${split} as .parquet or .jsonl, found ${entries.slice(0, 8).join(", ")}.`,
  );
}

/** Every file of training questions in `auxiliary_train`, which has no subjects. */
export async function findTrainingFiles(folder: string): Promise<string[]> {
  const place = join(folder, "auxiliary_train");
  const files = (await entriesOf(place)).filter((name) => /\.(csv|jsonl|parquet)$/.test(name)).sort();
  if (files.length > 0) return files.map((name) => join(place, name));
  throw new NotFoundError(
    `${folder} has no training questions: expected .csv, .jsonl or .parquet files in auxiliary_train, found none.`,
  );
}

type BySubject = ReadonlyMap<Subject, readonly string[]>;

async function csvFiles(
  folder: string,
  entries: readonly string[],
  split: SplitName,
  subjects: readonly Subject[],
): Promise<BySubject | undefined> {
  for (const name of FILE_NAMES[split]) {
    const files = entries.includes(name) ? await entriesOf(join(folder, name)) : [];
    if (!files.some((file) => file.endsWith(`_${name}.csv`))) continue;
    const found = subjects.filter((subject) => files.includes(`${subject}_${name}.csv`));
    return new Map(found.map((subject) => [subject, [join(folder, name, `${subject}_${name}.csv`)]]));
  }
  return undefined;
}

async function hubFiles(
  folder: string,
  entries: readonly string[],
  split: SplitName,
  subjects: readonly Subject[],
): Promise<BySubject | undefined> {
  const found = new Map<Subject, readonly string[]>();
  for (const subject of subjects.filter((name) => entries.includes(name))) {
    const files = splitFiles(await entriesOf(join(folder, subject)), split);
    if (files.length > 0)
      found.set(
        subject,
        files.map((file) => join(folder, subject, file)),
      );
  }
  return found.size > 0 ? found : undefined;
}

/** `test.jsonl`, `test.parquet` or all of `test-0000i-of-0000n.parquet`. */
function splitFiles(entries: readonly string[], split: SplitName): readonly string[] {
  for (const name of FILE_NAMES[split]) {
    for (const format of [".jsonl", ".parquet"]) {
      if (entries.includes(name + format)) return [name + format];
      const shards = entries.filter((entry) => new RegExp(`^${name}-\\d{5}-of-\\d{5}\\${format}$`).test(entry)).sort();
      if (shards.length > 0) return requireEveryShard(shards);
    }
  }
  return [];
}

function requireEveryShard(shards: readonly string[]): readonly string[] {
  const expected = Number(/-of-(\d{5})/.exec(shards[0]!)![1]);
  if (shards.length === expected) return shards;
  throw new InvalidInputError(`Expected ${expected} shards, found ${shards.length}: ${shards.join(", ")}.`);
}

function requireEverySubject(
  files: BySubject,
  folder: string,
  split: SplitName,
  subjects: readonly Subject[],
): DataFile[] {
  const missing = subjects.filter((subject) => !files.has(subject));
  if (missing.length > 0) throw missingSubjects(folder, split, subjects.length, missing);
  return [...files].flatMap(([subject, paths]) => paths.map((path) => ({ path, subject })));
}

/** One error for all subjects that are not there. */
export function missingSubjects(
  folder: string,
  split: string,
  expected: number,
  missing: readonly Subject[],
): NotFoundError {
  return new NotFoundError(
    `${folder}: expected ${split} questions of ${expected} subjects, found ${expected - missing.length}; missing: ${missing.join(", ")}. Choose those to score with the option subjects.`,
  );
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return isFolder ? await readdir(folder) : [];
}
