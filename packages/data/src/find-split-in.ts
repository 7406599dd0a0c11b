import { didYouMean, InvalidInputError, NotFoundError } from "@blora/spec";
import { type DataFormat, parseFileName } from "./file-name.ts";
import { type DataFolder, dataFileNames, findSplitFiles } from "./folder.ts";

/** Names an error lists of a folder without data files. */
const MOST_NAMES = 8;

/** What `save_to_disk` of datasets writes beside its files. */
const ON_DISK: ReadonlySet<string> = new Set(["dataset_dict.json", "state.json"]);

/** Where a split is looked for. */
export interface PlacesInFolder {
  /** Folders in the folder that are searched before it, where they are there. */
  readonly subfolders?: readonly string[];
  /** Folders in the folder that are searched after it. */
  readonly fallbacks?: readonly string[];
  /** In order of preference where a split is there in several. */
  readonly formats: readonly DataFormat[];
  /** Names the split's file may have, in order of preference. Default: the split's own. */
  readonly stems?: readonly string[];
}

/** The files of one split. */
export interface SplitFiles {
  /** Paths; more than one where the split is cut into shards. */
  readonly files: readonly string[];
  /** Name without format where the user named the file rather than the split. */
  readonly namedStem?: string;
  /** What is to be said of the choice: files beside them that are as good as the split, and were passed over. */
  readonly notes: readonly string[];
}

/**
 * Finds a split (`train`), or a file named outright (`train_subset.tsv`).
 *
 * @throws NotFoundError listing what was looked for and what is there
 * @throws InvalidInputError for a file name that leaves the folder, or shards that are incomplete
 */
export async function findSplitIn(root: DataFolder, split: string, places: PlacesInFolder): Promise<SplitFiles> {
  const { formats, stems = [split] } = places;
  const folders = await searchedFolders(root, places);
  const named = parseFileName(split);
  if (named !== undefined && formats.includes(named.format)) {
    return { files: [findNamedFile(split, folders, formats)], namedStem: named.stem, notes: [] };
  }
  for (const folder of folders) {
    const files = await findSplitFiles(folder, stems, formats);
    if (files.length > 0) return { files, notes: await passedOver(files, folder, stems, formats) };
  }
  const file = stems[0]! + formats[0]!;
  throw notFound(formats.length === 1 ? `file ${file}` : `split ${split}`, stems[0]!, folders, formats);
}

async function searchedFolders(
  root: DataFolder,
  { subfolders = [], fallbacks = [] }: PlacesInFolder,
): Promise<readonly DataFolder[]> {
  // Names are compared here, because some file systems do not tell upper case from lower.
  const inside = (names: readonly string[]) =>
    Promise.all(names.filter((name) => root.entries.includes(name)).map((name) => root.open(name)));
  const places = [...(await inside(subfolders)), root, ...(await inside(fallbacks))];
  return places.filter((place) => place !== undefined);
}

/** A data set kept in two formats, or under two names of its split, may not be the same in both. */
async function passedOver(
  files: readonly string[],
  folder: DataFolder,
  stems: readonly string[],
  formats: readonly DataFormat[],
): Promise<string[]> {
  const beside = dataFileNames(folder.entries, formats).filter(({ stem }) => stems.includes(stem));
  const inside = await Promise.all(
    stems
      .filter((stem) => folder.entries.includes(stem))
      .map(async (stem) => {
        const subfolder = await folder.open(stem);
        return dataFileNames(subfolder?.entries ?? [], formats).map(({ name }) => `${stem}/${name}`);
      }),
  );
  const names = [...beside.map(({ name }) => name), ...inside.flat()];
  const others = names.filter((name) => !files.includes(folder.at(name)));
  if (others.length === 0) return [];
  const first = names.find((name) => folder.at(name) === files[0])!;
  const read = files.length === 1 ? `${first} is` : `the ${files.length} files from ${first} on are`;
  return [`${folder.path}: only ${read} read, not ${listed(others)} beside it.`];
}

function findNamedFile(file: string, folders: readonly DataFolder[], formats: readonly DataFormat[]): string {
  if (/[\\/]/.test(file)) {
    throw new InvalidInputError(`Expected the name of a file inside the data folder, found the path ${file}.`);
  }
  const folder = folders.find(({ entries }) => entries.includes(file));
  if (folder === undefined) throw notFound(`file ${file}`, file, folders, formats);
  return folder.at(file);
}

function notFound(
  what: string,
  name: string,
  folders: readonly DataFolder[],
  formats: readonly DataFormat[],
): NotFoundError {
  const there = folders.flatMap(({ entries }) => dataFileNames(entries, formats).map((file) => file.name)).sort();
  const others = folders.flatMap(({ entries }) => entries.filter((entry) => !entry.startsWith("."))).sort();
  const beside = others.length === 0 ? "" : `, but ${listed(others)}`;
  const found = there.length === 0 ? `no ${either(formats)} file${beside}` : there.join(", ");
  const searched = folders.map(({ path }) => path).join(" or ");
  const help = others.some((entry) => ON_DISK.has(entry))
    ? ' datasets saved it to disk, as Arrow files: write each split by to_parquet, such as data["train"].to_parquet("train.parquet").'
    : didYouMean(name, there);
  return new NotFoundError(`The ${what} is not in ${searched}: found ${found}.${help}`);
}

/** `.tsv, .jsonl or .parquet` */
export function either(formats: readonly DataFormat[]): string {
  return new Intl.ListFormat("en-GB", { type: "disjunction" }).format(formats);
}

function listed(names: readonly string[]): string {
  return names.length <= MOST_NAMES ? names.join(", ") : `${names.slice(0, MOST_NAMES).join(", ")}, …`;
}
