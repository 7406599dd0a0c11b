import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { NotFoundError } from "@blora/spec";
import type { DataFormat } from "./file-name.ts";
import type { SplitFiles } from "./find-split-in.ts";
import { requireFolder } from "./open-folder.ts";
import { ownFilesIn } from "./own-files-in.ts";

/**
 * The files of a split of one's own data: of a file, which is `train` alone, or of a folder, see `ownFilesIn`. A file
 * beside the given one may be named as a split.
 *
 * @param data file or folder; a file may have any name
 * @returns undefined where the data have no such split, which only `validation` may lack
 * @throws NotFoundError as `ownFilesIn`
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
  }
  const path = stats.isDirectory() ? data : dirname(data);
  return ownFilesIn(await requireFolder(path, formats), split, formats);
}
