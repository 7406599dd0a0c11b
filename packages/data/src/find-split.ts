import { findSplitIn, type PlacesInFolder, type SplitFiles } from "./find-split-in.ts";
import { requireFolder } from "./open-folder.ts";

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
  return findSplitIn(await requireFolder(places.folder, places.formats), split, places);
}
