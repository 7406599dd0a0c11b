import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { NotFoundError } from "@blora/spec";
import { type DataFormat, parseFileName } from "./file-name.ts";
import { findSplit, type SplitFiles, type SplitPlaces } from "./find-split.ts";
import { allFiles, openFolder } from "./folder.ts";

/** What the splits of a folder are called; `validation` is `dev` to some. */
const STEMS: Readonly<Record<string, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "val", "dev", "eval"],
};

/** Options of a task of one's own data that name splits or files. */
const SPLIT_OPTIONS: readonly string[] = ["train", "evaluation"];

/**
 * The files of a split of one's own data: of a file, which is `train` alone, or of a folder with one file or set of
 * shards a split. A folder with a single data file of another name is as that file; a file beside the given one may be
 * named as a split.
 *
 * @param data file or folder; a file may have any name
 * @returns undefined where the data have no such split, which only `validation` may lack
 * @throws NotFoundError naming what was looked for and what is there; of a split that somebody must have named, `wrongOptions` are
 *   those that name splits
 */
export async function ownFiles(
  split: string,
  data: string,
  formats: readonly DataFormat[],
): Promise<SplitFiles | undefined> {
  const stats = statSync(data, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new NotFoundError(`${data}: expected a data file or a folder of them, found nothing.`);
  }
  if (!stats.isDirectory()) {
    if (split === "train" || split === basename(data)) return { files: [data], notes: [] };
    if (split === "validation") return undefined;
    return findNamed(split, { folder: dirname(data), formats });
  }
  try {
    const stems = spellings(STEMS[split] ?? [split], (await openFolder(data))?.entries ?? []);
    return await findNamed(split, { folder: data, formats, stems });
  } catch (error) {
    if (!NotFoundError.isInstance(error)) throw error;
    if (split === "validation") return undefined;
    const opened = split === "train" ? await openFolder(data) : undefined;
    // Beside data a .json file may be what describes them, such as dataset_infos.json.
    const rows = formats.filter((format) => format !== ".json");
    const found = [rows, formats].map((those) => (opened === undefined ? [] : allFiles(opened, those)));
    const all = found.find((files) => files.length > 0) ?? [];
    if (all.length !== 1) throw error;
    return { files: all, notes: [] };
  }
}

/** Names of a split, and how the folder spells them: `Train.csv` beside `Valid.csv` is common. */
function spellings(stems: readonly string[], entries: readonly string[]): readonly string[] {
  const there = entries.map((entry) => parseFileName(entry)?.stem ?? entry);
  return [...new Set([...stems, ...there.filter((name) => stems.includes(name.toLowerCase()))])];
}

async function findNamed(split: string, places: SplitPlaces): Promise<SplitFiles> {
  try {
    return await findSplit(split, places);
  } catch (error) {
    if (!NotFoundError.isInstance(error) || Object.hasOwn(STEMS, split)) throw error;
    throw new NotFoundError(error.message, { cause: error, wrongOptions: SPLIT_OPTIONS });
  }
}
