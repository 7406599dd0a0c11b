import { NotFoundError } from "@blora/spec";
import { type DataFormat, parseFileName } from "./file-name.ts";
import { findSplitIn, type SplitFiles } from "./find-split-in.ts";
import { allFiles, type DataFolder } from "./folder.ts";

/** What the splits of a folder are called; `validation` is `dev` to some. */
const STEMS: Readonly<Record<string, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "val", "dev", "eval"],
};

/** Options of a task of one's own data that name splits or files. */
const SPLIT_OPTIONS: readonly string[] = ["train", "evaluation"];

/**
 * The files of a split of one's own data in a folder with one file or set of shards a split. A folder with a single data
 * file of another name, `validation.csv` too, is as that file.
 *
 * @returns undefined where the data have no such split, which only `validation` may lack
 * @throws NotFoundError naming what was looked for and what is there; of a split that somebody must have named, `wrongOptions` are
 *   those that name splits
 */
export async function ownFilesIn(
  folder: DataFolder,
  split: string,
  formats: readonly DataFormat[],
): Promise<SplitFiles | undefined> {
  const named = await filesByName(folder, split, formats);
  if (split === "validation") {
    if (named instanceof Error) return undefined;
    const isAll =
      (await filesByName(folder, "train", formats)) instanceof Error && onlyFile(folder, formats) === named.files[0];
    return isAll ? undefined : named;
  }
  if (!(named instanceof Error)) return named;
  const only = split === "train" ? onlyFile(folder, formats) : undefined;
  if (only === undefined) throw named;
  return { files: [only], notes: [] };
}

/** The error where there are none. */
async function filesByName(
  folder: DataFolder,
  split: string,
  formats: readonly DataFormat[],
): Promise<SplitFiles | NotFoundError> {
  const stems = spellings(STEMS[split] ?? [split], folder.entries);
  try {
    return await findSplitIn(folder, split, { formats, stems });
  } catch (error) {
    if (!NotFoundError.isInstance(error)) throw error;
    if (Object.hasOwn(STEMS, split)) return error;
    return new NotFoundError(error.message, { cause: error, wrongOptions: SPLIT_OPTIONS });
  }
}

function onlyFile(folder: DataFolder, formats: readonly DataFormat[]): string | undefined {
  // Beside data a .json file may be what describes them, such as dataset_infos.json.
  const rows = formats.filter((format) => format !== ".json");
  const found = [rows, formats].map((those) => allFiles(folder, those)).find((files) => files.length > 0) ?? [];
  return found.length === 1 ? found[0] : undefined;
}

/** Names of a split, and how the folder spells them: `Train.csv` beside `Valid.csv` is common. */
function spellings(stems: readonly string[], entries: readonly string[]): readonly string[] {
  const there = entries.map((entry) => parseFileName(entry)?.stem ?? entry);
  return [...new Set([...stems, ...there.filter((name) => stems.includes(name.toLowerCase()))])];
}
