import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Makes a file's content, or a folder's entries, survive a power cut. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file as a whole: readers see the old content or the new one, never a part. */
export async function writeFileDurably(path: string, content: string): Promise<void> {
  const aside = asideOf(path);
  try {
    await writeFile(aside, content, { flush: true });
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await flushFolder(dirname(path));
}

/** `writeFileDurably` for content that is made piece by piece, into an open file descriptor. */
export function writeFileDurablySync(path: string, write: (descriptor: number) => void): void {
  const aside = asideOf(path);
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
    throw error;
  }
  if (!CAN_FLUSH_FOLDERS) return;
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
}

/** Two that write the same file write apart, also where machines share a folder, and so process ids. */
function asideOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

// Folders under these names are what a killed process may leave behind.
const PARTIAL = ".partial-";
const REPLACED = ".replaced-";

/**
 * Fills a folder aside and puts it in place in one rename, so that `path`
 * holds all of the new files or all of the old. On failure the old stay.
 */
export async function writeFolderDurably(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const aside = join(dirname(path), `${PARTIAL}${basename(path)}`);
  await rm(aside, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  // Not recursive: that says of a read-only disk that the folder is missing.
  await mkdir(aside);
  try {
    await fill(aside);
    for (const name of await readdir(aside)) await flush(join(aside, name));
    await flushFolder(aside);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
  const old = join(dirname(path), `${REPLACED}${basename(path)}`);
  await rm(old, { recursive: true, force: true });
  await rename(path, old).catch(ignoreMissing);
  await rename(aside, path);
  await flushFolder(dirname(path));
  await rm(old, { recursive: true, force: true });
}

/** Windows opens no folder to flush it. */
const CAN_FLUSH_FOLDERS: boolean = process.platform !== "win32";

async function flushFolder(path: string): Promise<void> {
  if (CAN_FLUSH_FOLDERS) await flush(path);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
