import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { InvalidInputError } from "@blora/spec";

/**
 * The folder that the files of a checkpoint must really lie in: its own, or for
 * a snapshot in the Hugging Face cache, whose files are links to `blobs/`, that
 * of the cached repository.
 */
function allowedRoot(folder: string): string {
  const real = realpathSync(folder);
  const snapshots = dirname(real);
  const repository = dirname(snapshots);
  const isCached = basename(snapshots) === "snapshots" && basename(repository).startsWith("models--");
  return isCached ? repository : real;
}

/**
 * The real path of a file of a checkpoint.
 *
 * @throws InvalidInputError for a link that leads out of the folder: whoever made it would have another file read, or
 *   copied along and published
 */
export function pathInside(folder: string, name: string): string {
  const path = join(folder, name);
  const real = realpathSync(path);
  const inside = relative(allowedRoot(folder), real);
  if (!inside.startsWith("..") && !isAbsolute(inside)) return real;
  throw new InvalidInputError(`${path} is a link to ${real}, outside its folder. Copy or hard-link the file.`);
}
