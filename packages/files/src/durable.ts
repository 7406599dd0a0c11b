import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { link, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { partialPath, removeAbandoned } from "./partial-names.ts";
import { writeError } from "./write-error.ts";

/** Makes a file's content, or a folder's entries, survive a power cut. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file as a whole: readers see the old content or the new one, never a part.
 *
 * @throws InvalidInputError where it does not fit on the disk or may not be written; the old content stays
 */
export async function writeFileDurably(path: string, content: string | Uint8Array): Promise<void> {
  await writeAside(path, content, (aside) => rename(aside, path));
}

/** @throws InvalidInputError as `writeFileDurably`, and where a file is there, also one that came meanwhile */
export async function writeNewFileDurably(path: string, content: string | Uint8Array): Promise<void> {
  await writeAside(path, content, async (aside) => {
    try {
      await link(aside, path);
      await rm(aside);
    } catch (error) {
      const isThere = await stat(path).then(
        () => true,
        () => false,
      );
      if (isThere) throw new InvalidInputError(`${path}: expected a file that is not there yet, found one.`);
      // A file system without hard links.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") throw error;
      await rename(aside, path);
    }
  });
}

async function writeAside(
  path: string,
  content: string | Uint8Array,
  place: (aside: string) => Promise<void>,
): Promise<void> {
  await removeAbandoned(path);
  const aside = partialPath(path);
  try {
    await writeFile(aside, content, { flush: true });
    await place(aside);
  } catch (error) {
    await rm(aside, { force: true });
    throw writeError(error, path, Buffer.byteLength(content));
  }
  await flushFolder(dirname(path));
}

/**
 * `writeFileDurably` for content that is made piece by piece, into an open file descriptor.
 *
 * @param needed bytes of the whole, where they are known
 */
export function writeFileDurablySync(path: string, write: (descriptor: number) => void, needed?: number): void {
  const aside = partialPath(path);
  try {
    const descriptor = openSync(aside, "w");
    try {
      write(descriptor);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw writeError(error, path, needed);
  }
  if (!CAN_FLUSH_FOLDERS) return;
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
}

/** Windows opens no folder to flush it. */
const CAN_FLUSH_FOLDERS: boolean = process.platform !== "win32";

export async function flushFolder(path: string): Promise<void> {
  if (CAN_FLUSH_FOLDERS) await flush(path);
}
