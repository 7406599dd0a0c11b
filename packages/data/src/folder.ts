import { InvalidInputError } from "@blora/spec";
import { type DataFileName, type DataFormat, parseFileName } from "./file-name.ts";

/** Files beside the data that only look like data: what programs say of a data set. */
const ABOUT = /^(?:dataset_infos?|dataset_dict|state|config|package|metadata)\.json$|^\./;
const BY_NUMBER = new Intl.Collator("en", { numeric: true, sensitivity: "variant" });

/** A folder of the disk, or files that a page was given, and the names in it. */
export interface DataFolder {
  readonly path: string;
  readonly entries: readonly string[];
  /** Path of what lies in it; `name` may be `folder/file`. */
  at(name: string): string;
  /** Undefined where the entry is no folder or cannot be read. */
  open(name: string): Promise<DataFolder | undefined>;
}

/**
 * Paths of the one file `<stem><format>`, or of all its shards by their
 * numbers. A format is looked for under every stem before the next one is.
 *
 * @returns nothing where there is no such file
 * @throws InvalidInputError where shards are missing, or those of several sets are mixed
 */
export function findFiles(
  folder: DataFolder,
  stems: readonly string[],
  formats: readonly DataFormat[],
): readonly string[] {
  return findNames(folder, stems, formats).map(folder.at);
}

function findNames(
  { path, entries }: DataFolder,
  stems: readonly string[],
  formats: readonly DataFormat[],
): readonly string[] {
  const names = dataFileNames(entries, formats);
  for (const format of formats) {
    for (const stem of stems) {
      const found = names.filter((name) => name.format === format && name.stem === stem);
      const whole = found.find(({ shard }) => shard === undefined);
      if (whole !== undefined) return [whole.name];
      if (found.length > 0) return everyShard(found, path).map(({ name }) => name);
    }
  }
  return [];
}

/**
 * The files of one split in a folder: `<stem><format>` or its shards, else all
 * files of one format in a subfolder of that name, such as the
 * `train/0000.parquet`, `train/0001.parquet`, … the Hub converts data sets to.
 *
 * @returns nothing where there is no such file
 * @throws InvalidInputError where shards are missing, or those of several sets are mixed
 */
export async function findSplitFiles(
  folder: DataFolder,
  stems: readonly string[],
  formats: readonly DataFormat[],
): Promise<readonly string[]> {
  const files = findFiles(folder, stems, formats);
  if (files.length > 0) return files;
  for (const stem of stems.filter((name) => folder.entries.includes(name))) {
    const subfolder = await folder.open(stem);
    for (const format of subfolder === undefined ? [] : formats) {
      const inside = allNames(subfolder!, [format]);
      if (inside.length > 0) return requireEveryNumber(inside, subfolder!.path).map(subfolder!.at);
    }
  }
  return [];
}

/**
 * Paths of all files of these formats by name, shards by their numbers; a whole file stands for its shards.
 *
 * @throws InvalidInputError where shards are missing, or those of several sets are mixed
 */
export function allFiles(folder: DataFolder, formats: readonly DataFormat[]): readonly string[] {
  return allNames(folder, formats).map(folder.at);
}

function allNames(folder: DataFolder, formats: readonly DataFormat[]): readonly string[] {
  const sets = new Map(dataFileNames(folder.entries, formats).map((name) => [name.stem + name.format, name]));
  return [...sets.values()].flatMap(({ stem, format }) => findNames(folder, [stem], [format]));
}

export const isAboutData = (name: string): boolean => ABOUT.test(name);

/** The data files among `entries` by name, shards by their numbers. */
export function dataFileNames(entries: readonly string[], formats: readonly DataFormat[]): DataFileName[] {
  return entries
    .map(parseFileName)
    .filter((name) => name !== undefined)
    .filter(({ format, name }) => formats.includes(format) && !isAboutData(name))
    .sort(
      (a, b) =>
        compare(a.stem + a.format, b.stem + b.format) ||
        (a.shard?.index ?? 0) - (b.shard?.index ?? 0) ||
        compare(a.name, b.name),
    );
}

/** Numbers in names count as numbers: 2 comes before 10. */
function compare(a: string, b: string): number {
  return BY_NUMBER.compare(a, b) || (a < b ? -1 : Number(a > b));
}

/** The same files, if those that are called by numbers alone are there from the first to the last. */
function requireEveryNumber(names: readonly string[], folder: string): readonly string[] {
  const numbers = names.map((name) => /^\d+(?=\.)/.exec(name)?.[0]);
  const first = Number(numbers[0]);
  const gap = numbers.findIndex((number, index) => Number(number) !== first + index);
  if (numbers.includes(undefined) || (first <= 1 && gap < 0)) return names;
  throw new InvalidInputError(
    `${folder}: expected files numbered from 0 or 1 without a gap, found ${names.join(", ")}.`,
  );
}

/** The same shards, if they are all there and each is there once. */
function everyShard(shards: readonly DataFileName[], folder: string): readonly DataFileName[] {
  const count = shards[0]!.shard!.count;
  const isComplete =
    shards.length === count && shards.every(({ shard }, index) => shard!.index === index && shard!.count === count);
  if (isComplete) return shards;
  const { stem, format } = shards[0]!;
  const counts = [...new Set(shards.map(({ shard }) => shard!.count))].join(" or ");
  const found = shards.map(({ name }) => name).join(", ");
  throw new InvalidInputError(
    `Expected ${counts} shards of ${stem}${format}, found ${shards.length} in ${folder}: ${found}.`,
  );
}
