import { NotFoundError } from "@blora/spec";
import { either, findSplitIn, type PlacesInFolder, type SplitFiles } from "./find-split-in.ts";
import { openFolder } from "./open-folder.ts";

/** Where a split is looked for. */
export interface SplitPlaces extends PlacesInFolder {
  readonly folder: string;
}

/**
 * Finds a split (`train`), or a file named outright (`train_subset.tsv`).
 *
 * @throws NotFoundError listing what was looked for and what is there
 * @throws InvalidInputError for a file name that leaves the folder, or shards that are incomplete
 */
export async function findSplit(split: string, places: SplitPlaces): Promise<SplitFiles> {
  const { folder, formats } = places;
  const root = await openFolder(folder);
  if (root !== undefined) return findSplitIn(root, split, places);
  throw new NotFoundError(`The data folder ${folder} cannot be read: expected a folder of ${either(formats)} files.`);
}
