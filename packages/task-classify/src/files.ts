import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { allFiles, type DataFormat, findSplit, openFolder, readTable, type Table } from "@blora/data";
import { NotFoundError } from "@blora/spec";

const FORMATS: readonly DataFormat[] = [".csv", ".tsv", ".jsonl", ".parquet"];
/** What the splits of a folder are called; `validation` is `dev` to some. */
const STEMS: Readonly<Record<string, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "val", "dev", "eval"],
};

/**
 * The tables of a split: of a data file, which is `train` alone, or of a folder with one file or set of shards a split.
 * A folder with a single data file of another name is as that file.
 *
 * @returns undefined where the data have no such split, which only `validation` may lack
 * @throws NotFoundError naming what was looked for and what is there
 */
export async function tablesOf(split: string, data: string): Promise<readonly Table[] | undefined> {
  const files = await filesOf(split, data);
  return files === undefined ? undefined : Promise.all(files.map((file) => readTable(file)));
}

/** Whether the data have a split, without reading it. */
export async function hasSplit(split: string, data: string): Promise<boolean> {
  return (await filesOf(split, data)) !== undefined;
}

async function filesOf(split: string, data: string): Promise<readonly string[] | undefined> {
  const stats = statSync(data, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new NotFoundError(`${data}: expected a data file or a folder of them, found nothing.`);
  }
  if (!stats.isDirectory()) return filesOfFile(split, data);
  try {
    return (await findSplit(split, { folder: data, formats: FORMATS, stems: STEMS[split] ?? [split] })).files;
  } catch (error) {
    if (!NotFoundError.isInstance(error)) throw error;
    if (split === "validation") return undefined;
    const only = split === "train" ? await onlyFile(data) : undefined;
    if (only === undefined) throw error;
    return [only];
  }
}

async function filesOfFile(split: string, file: string): Promise<readonly string[] | undefined> {
  if (split === "train") return [file];
  if (split === "validation") return undefined;
  const named = { folder: dirname(file), formats: FORMATS };
  return split === basename(file) ? [file] : (await findSplit(split, named)).files;
}

/** The data file of a folder that has one alone. */
async function onlyFile(folder: string): Promise<string | undefined> {
  const opened = await openFolder(folder);
  const files = opened === undefined ? [] : allFiles(opened, FORMATS);
  return files.length === 1 ? files[0] : undefined;
}
