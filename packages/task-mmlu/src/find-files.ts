import { join } from "node:path";
import {
  allFiles,
  type DataFolder,
  type DataFormat,
  findFiles,
  findSplitFiles as findFilesOfSplit,
  openFolder,
} from "@blora/data";
import { NotFoundError } from "@blora/spec";
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

const HUB_FORMATS: readonly DataFormat[] = [".jsonl", ".json", ".parquet"];

/**
 * The files of a split, in whichever layout the folder has: the original's
 * `test/anatomy_test.csv`, the Hub's `anatomy/test-00000-of-00001.parquet` or
 * `anatomy/test/0000.parquet`, or one file for all subjects in the folder or its `all`; jsonl wherever parquet.
 *
 * @throws NotFoundError where there is none, or naming every subject without a file
 */
export async function findSplitFiles(
  path: string,
  split: SplitName,
  subjects: readonly Subject[],
): Promise<readonly DataFile[]> {
  const folder = await openFolder(path);
  if (folder === undefined || folder.entries.length === 0) {
    throw new NotFoundError(`The data folder ${path} is empty or cannot be read.`);
  }
  const bySubject = (await csvFiles(folder, split, subjects)) ?? (await hubFiles(folder, split, subjects));
  if (bySubject !== undefined) return requireEverySubject(bySubject, path, split, subjects);
  for (const place of [join(path, "all"), path]) {
    const files = await hubSplit(place, split);
    if (files.length > 0) return files.map((file) => ({ path: file }));
  }
  throw new NotFoundError(
    `${path} has no ${split} questions: expected ${split}/<subject>_${split}.csv, or <subject>/${split} or all/${split} as .parquet or .jsonl, found ${folder.entries.slice(0, 8).join(", ")}.`,
  );
}

/** Every file of training questions in `auxiliary_train`, which has no subjects. */
export async function findTrainingFiles(path: string): Promise<readonly string[]> {
  for (const place of [join(path, "auxiliary_train"), join(path, "auxiliary_train", "train")]) {
    const folder = await openFolder(place);
    const files = folder === undefined ? [] : allFiles(folder, [".csv", ...HUB_FORMATS]);
    if (files.length > 0) return files;
  }
  throw new NotFoundError(
    `${path} has no training questions: expected .csv, .jsonl or .parquet files in auxiliary_train, found none.`,
  );
}

type BySubject = ReadonlyMap<Subject, readonly string[]>;

async function csvFiles(
  { path, entries }: DataFolder,
  split: SplitName,
  subjects: readonly Subject[],
): Promise<BySubject | undefined> {
  for (const name of FILE_NAMES[split]) {
    const folder = entries.includes(name) ? await openFolder(join(path, name)) : undefined;
    if (folder?.entries.some((file) => file.replace(/\.gz$/, "").endsWith(`_${name}.csv`))) {
      const found = subjects.map((subject) => [subject, findFiles(folder, [`${subject}_${name}`], [".csv"])] as const);
      return new Map(found.filter(([, files]) => files.length > 0));
    }
  }
  return undefined;
}

async function hubFiles(
  { path, entries }: DataFolder,
  split: SplitName,
  subjects: readonly Subject[],
): Promise<BySubject | undefined> {
  const found = new Map<Subject, readonly string[]>();
  for (const subject of subjects.filter((name) => entries.includes(name))) {
    const files = await hubSplit(join(path, subject), split);
    if (files.length > 0) found.set(subject, files);
  }
  return found.size > 0 ? found : undefined;
}

/** `test.jsonl`, `test.parquet`, all its shards, or those in `test`; nothing where the folder or the split is absent. */
async function hubSplit(path: string, split: SplitName): Promise<readonly string[]> {
  const folder = await openFolder(path);
  return folder === undefined ? [] : findFilesOfSplit(folder, FILE_NAMES[split], HUB_FORMATS);
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
