import { copyFile, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { lockFolder, makeFolder, partialPath, removeAbandoned, writeError } from "@blora/files";
import { InvalidInputError } from "@blora/spec";

/** A folder beside an output that stands for its parent, so that what is made in it moves there in one rename. */
export interface PartialFolder {
  /** Removed however the work ends. */
  readonly parent: string;
  /** Where the work makes what goes to the output. */
  readonly made: string;
}

/** Does work in a folder beside `out`. Errors name `out`. */
export async function withPartialFolder<Result>(
  out: string,
  work: (folder: PartialFolder) => Promise<Result>,
): Promise<Result> {
  await removeAbandoned(out);
  const parent = partialPath(out);
  try {
    return await work({ parent, made: join(parent, basename(resolve(out))) });
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(parent, dirname(resolve(out)));
    throw error;
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

/**
 * Moves every file of a folder to the same place in another, whose other files stay; `last` after all others. Of two
 * at the same moment one is refused before it moved anything.
 *
 * @param isAsFound whether what was read of the other folder in the beginning still holds
 */
export async function moveFiles(
  from: string,
  to: string,
  { last, isAsFound }: { readonly last: string; readonly isAsFound: () => boolean },
): Promise<void> {
  await makeFolder(to);
  const lock = await lockFolder(to);
  try {
    if (!isAsFound()) {
      throw new InvalidInputError(
        `${to}: expected nobody else to write this folder meanwhile, found its ${last} changed. Run the same command again.`,
      );
    }
    const entries = await readdir(from, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    for (const entry of files.sort((a, b) => Number(a.name === last) - Number(b.name === last))) {
      const place = join(to, join(entry.parentPath, entry.name).slice(from.length));
      await makeFolder(dirname(place));
      await move(join(entry.parentPath, entry.name), place);
    }
  } finally {
    await lock.release();
  }
}

/** Also onto another disk, such as a container's volume, where a file is copied beside its place first. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    const aside = partialPath(to);
    try {
      await copyFile(from, aside);
      await rename(aside, to);
    } catch (failure) {
      await rm(aside, { force: true });
      throw writeError(failure, to);
    }
  }
}
