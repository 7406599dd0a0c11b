import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { didYouMean, InvalidInputError, NotFoundError } from "@blora/spec";
import type { GlueTask } from "./tasks.ts";

/** The files of one split; more than one where the Hub cut it into shards. */
export interface SplitFiles {
  /** `train`, `validation…` or `test…`; for a named file what its name starts with, or else its stem. */
  readonly split: string;
  readonly files: readonly string[];
  /** Whether the user named the file rather than the split. */
  readonly named: boolean;
}

/** In order of preference where a split is there in several. */
const FORMATS = [".tsv", ".jsonl", ".parquet"] as const;

/** The official files call the Hub's `validation` `dev`. */
export function normalizeSplit(split: string): string {
  return split.replace(/^dev(?=$|_)/, "validation");
}

/**
 * Finds a split (`train`, `validation_matched`, `dev`, …) or a file named
 * outright (`train_subset.tsv`) in `folder`, a GLUE root or the task's own.
 *
 * @throws NotFoundError listing what was looked for and what is there.
 * @throws InvalidInputError for a file name that leaves the folder, or shards that are incomplete.
 */
export async function findSplit(task: GlueTask, split: string, folder: string): Promise<SplitFiles> {
  const places = await searchedFolders(task, folder);
  if (FORMATS.some((format) => split.endsWith(format))) return findNamedFile(split, places, folder);
  const name = normalizeSplit(split);
  for (const place of places) {
    for (const format of FORMATS) {
      const files = matchingFiles(place.entries, name, format);
      if (files.length > 0) {
        return { split: name, files: files.map((file) => join(place.folder, file)), named: false };
      }
    }
  }
  throw new NotFoundError(notFoundMessage(`split ${split}`, fileStems(name)[0]!, places, folder));
}

interface Place {
  readonly folder: string;
  readonly entries: readonly string[];
}

/** The task's folder under a GLUE root, then `folder` itself. */
async function searchedFolders(task: GlueTask, folder: string): Promise<Place[]> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new NotFoundError(`The data folder ${folder} cannot be read: expected a folder of GLUE files.`, { cause });
  });
  const places: Place[] = [];
  for (const name of task.folders) {
    const candidate = join(folder, name);
    if (entries.includes(name) && (await stat(candidate)).isDirectory()) {
      places.push({ folder: candidate, entries: await readdir(candidate) });
    }
  }
  return [...places, { folder, entries }];
}

function findNamedFile(file: string, places: readonly Place[], folder: string): SplitFiles {
  if (basename(file) !== file || file.includes("\\")) {
    throw new InvalidInputError(`Expected the name of a file inside the data folder, found the path ${file}.`);
  }
  const place = places.find(({ entries }) => entries.includes(file));
  if (place === undefined) throw new NotFoundError(notFoundMessage(`file ${file}`, file, places, folder));
  const stem = normalizeSplit(file.slice(0, -extname(file).length));
  const split = /^(train|validation|test)(?![a-z])/.exec(stem)?.[1] ?? stem;
  return { split, files: [join(place.folder, file)], named: true };
}

/** Official and Hub names of a split; the diagnostic set is one file named after itself. */
function fileStems(split: string): string[] {
  const stems = [split, split.replace(/^validation/, "dev")];
  return split === "test" ? [...stems, "diagnostic"] : stems;
}

function matchingFiles(entries: readonly string[], split: string, format: string): readonly string[] {
  for (const stem of fileStems(split)) {
    if (entries.includes(stem + format)) return [stem + format];
    const shards = entries.filter((entry) => shardCount(entry, stem, format) !== undefined).sort();
    if (shards.length > 0) {
      const expected = shardCount(shards[0]!, stem, format);
      if (shards.length !== expected) {
        throw new InvalidInputError(
          `Expected ${expected} shards of ${stem}${format}, found ${shards.length}: ${shards.join(", ")}.`,
        );
      }
      return shards;
    }
  }
  return [];
}

/** n of `<stem>-00000-of-0000n<format>`. */
function shardCount(entry: string, stem: string, format: string): number | undefined {
  if (!entry.startsWith(`${stem}-`) || !entry.endsWith(format)) return undefined;
  const match = /^-\d{5}-of-(\d{5})$/.exec(entry.slice(stem.length, -format.length));
  return match === null ? undefined : Number(match[1]);
}

function notFoundMessage(what: string, stem: string, places: readonly Place[], folder: string): string {
  const there = places.flatMap(({ entries }) =>
    entries.filter((entry) => FORMATS.some((format) => entry.endsWith(format))),
  );
  const found = there.length === 0 ? "no .tsv, .jsonl or .parquet file" : there.sort().join(", ");
  const hint = didYouMean(stem, there);
  return `The ${what} is not in ${places.map((place) => place.folder).join(" or ") || folder}: found ${found}.${hint}`;
}
