import { cp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BloraError } from "@blora/spec";
import { flush } from "./durable.ts";
import { requireEmptyFolder } from "./empty-folder.ts";
import { makeFolder } from "./make-folder.ts";
import { partialPath, removeAbandoned, replacedPath } from "./partial-names.ts";
import { writeError } from "./write-error.ts";

/** What a rename answers where a folder with files is there. */
const TAKEN: ReadonlySet<string | undefined> = new Set(["ENOTEMPTY", "EEXIST", "EPERM", "EACCES", "ENOTDIR"]);
/** And where the place is a disk of its own. */
const MOUNTED: ReadonlySet<string | undefined> = new Set(["EBUSY", "EXDEV"]);
/** Of two that replace one folder; each time another one was first. */
const MOST_ATTEMPTS = 10;

/**
 * Fills a folder aside and puts it in place in one rename, so that `path`
 * holds all of the new files or all of the old. On failure the old stay. Of two
 * at the same moment the files of one are there, whole.
 *
 * @throws InvalidInputError where it does not fit on the disk or may not be written
 */
export async function writeFolderDurably(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const aside = await filledAside(path, fill);
  for (let attempt = 1; ; attempt++) {
    const old = replacedPath(path);
    await rename(path, old).catch(ignoreMissing);
    try {
      await rename(aside, path);
      await flush(dirname(path));
      return await rm(old, { recursive: true, force: true });
    } catch (error) {
      // Somebody else put a folder there in between.
      if (attempt < MOST_ATTEMPTS && isTaken(error)) await rm(old, { recursive: true, force: true });
      else {
        await rename(old, path).catch(() => undefined);
        await rm(aside, { recursive: true, force: true });
        throw writeError(error, path);
      }
    }
  }
}

/**
 * `writeFolderDurably` for a place that is absent or an empty folder.
 *
 * @throws InvalidInputError also where something is there, or came meanwhile: that stays
 */
export async function writeNewFolderDurably(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  requireEmptyFolder(path);
  const aside = await filledAside(path, fill);
  try {
    await placeNewFolder(aside, path);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Moves a folder to a place beside it that is absent or an empty folder. One that is a disk of its own, as a container's
 * volume is, cannot be replaced: its files are copied into it, and taken away again where that fails.
 *
 * @throws InvalidInputError where it is neither
 */
export async function placeNewFolder(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (MOUNTED.has((error as NodeJS.ErrnoException).code)) return copyInto(from, to);
    if (isTaken(error)) requireEmptyFolder(to);
    throw writeError(error, to);
  }
  await flush(dirname(resolve(to)));
}

async function copyInto(from: string, to: string): Promise<void> {
  requireEmptyFolder(to);
  try {
    await cp(from, to, { recursive: true, errorOnExist: true, force: false });
    for (const name of await readdir(to)) await flush(join(to, name));
    await flush(to);
  } catch (error) {
    for (const name of await readdir(from)) await rm(join(to, name), { recursive: true, force: true });
    throw writeError(error, to);
  }
  await rm(from, { recursive: true, force: true });
}

async function filledAside(path: string, fill: (folder: string) => Promise<void>): Promise<string> {
  await removeAbandoned(path);
  const aside = partialPath(path);
  try {
    await makeFolder(aside);
    await fill(aside);
    for (const name of await readdir(aside)) await flush(join(aside, name));
    await flush(aside);
    return aside;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw named(writeError(error, path), aside, path);
  }
}

/** An error that names where a folder was to go, not where it was made. */
function named(error: unknown, aside: string, path: string): unknown {
  if (BloraError.isInstance(error)) error.message = error.message.replaceAll(aside, path);
  return error;
}

function isTaken(error: unknown): boolean {
  return TAKEN.has((error as NodeJS.ErrnoException).code);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
