import { type DataFormat, folderOfNames, ownFilesIn, parseTable } from "@blora/data";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import type { TablesInMemory } from "@blora/task-classify";
import type { GivenData } from "./messages.ts";
import { unreadMessage } from "./unread.ts";

const FORMATS: readonly DataFormat[] = [".csv", ".tsv", ".jsonl", ".json", ".parquet"];

/** The tables of each split, and what is to be said of how their files were chosen. */
export interface SplitTables {
  readonly tables: TablesInMemory;
  readonly notes: Readonly<Record<"train" | "validation", readonly string[]>>;
}

/**
 * The tables of each split, of the files that the command line takes of the same folder: of a file alone `train`, of more
 * those that are called so. Others, such as a test split, are left out.
 *
 * @throws NotFoundError where none of several files is the training split
 * @throws InvalidInputError for shards that are incomplete, and files of a split that a page does not read
 */
export async function splitTables({ name, files, others = [] }: GivenData): Promise<SplitTables> {
  const folder = folderOfNames(name, [...files.map((file) => file.name), ...others]);
  const tablesOf = (names: readonly string[]) =>
    names.map((wanted) => {
      const file = files.find((given) => given.name === wanted);
      if (file !== undefined) return parseTable(file.name, file.text);
      throw new InvalidInputError(unreadMessage(wanted));
    });
  if (folder.entries.length === 1) return { tables: { train: tablesOf(folder.entries) }, notes: NO_NOTES };
  const train = await ownFilesIn(folder, "train", FORMATS).catch((error) => {
    if (!NotFoundError.isInstance(error)) throw error;
    throw new NotFoundError(
      `${name}: expected one file, or train.csv and perhaps validation.csv, found ${folder.entries.join(", ")}.`,
    );
  });
  const validation = await ownFilesIn(folder, "validation", FORMATS);
  return {
    tables: { train: tablesOf(train!.files), ...(validation && { validation: tablesOf(validation.files) }) },
    notes: { train: train!.notes, validation: validation?.notes ?? [] },
  };
}

const NO_NOTES = { train: [], validation: [] };
