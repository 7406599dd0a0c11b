import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { type DataFileName, type DataFormat, parseFileName } from "./file-name.ts";

/** A folder and the names in it. */
export interface DataFolder {
  readonly path: string;
  readonly entries: readonly string[];
}

/** Undefined where `path` is no folder or cannot be read. */
export async function openFolder(path: string): Promise<DataFolder | undefined> {
  const entries = await readdir(path).catch(() => undefined);
  return entries && { path, entries };
}

/**
 * Paths of the one file `<stem><format>`, or of all its shards by their
 * numbers. A format is looked for under every stem before the next one is.
 *
 * @returns nothing where there is no such file
 * @throws InvalidInputError where shards are missing, or those of several sets are mixed
 */
export function findFiles(
  { path, entries }: DataFolder,
  stems: readonly string[],
  formats: readonly DataFormat[],
): readonly string[] {
  const names = dataFileNames(entries, formats);
  for (const format of formats) {
    for (const stem of stems) {
      const found = names.filter((name) => name.format === format && name.stem === stem);
      const whole = found.find(({ shard }) => shard === undefined);
      if (whole !== undefined) return [join(path, whole.name)];
      if (found.length > 0) return everyShard(found, path).map(({ name }) => join(path, name));
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
  const sets = new Map(dataFileNames(folder.entries, formats).map((name) => [name.stem + name.format, name]));
  return [...sets.values()].flatMap(({ stem, format }) => findFiles(folder, [stem], [format]));
}

/** The data files among `entries` by name, shards by their numbers. */
export function dataFileNames(entries: readonly string[], formats: readonly DataFormat[]): DataFileName[] {
  return entries
    .map(parseFileName)
    .filter((name) => name !== undefined)
    .filter(({ format }) => formats.includes(format))
    .sort(
      (a, b) =>
        compare(a.stem + a.format, b.stem + b.format) ||
        (a.shard?.index ?? 0) - (b.shard?.index ?? 0) ||
        compare(a.name, b.name),
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
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
