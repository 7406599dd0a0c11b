import { randomUUID } from "node:crypto";
import { rename, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { lockFolderIfFree, makeFolder } from "@blora/files";

/** A name beside `path` that nobody else writes to: processes of two machines may share a cache, and even their ids. */
export const besides = (path: string): string => `${path}.${randomUUID()}.incomplete`;

/**
 * Makes a blob whole: `write` appends to a file what that lacks, and the blob appears once it has returned. What a
 * process leaves that is killed, or whose connection breaks off, the next one goes on from. Whoever finds another at
 * work on the blob begins anew beside it.
 *
 * @param size bytes of the whole blob
 */
export async function completeBlob(blob: string, size: number, write: (path: string) => Promise<void>): Promise<void> {
  const folder = `${blob}.download`;
  await makeFolder(folder);
  const lock = await lockFolderIfFree(folder);
  if (lock === undefined) return completeBesides(blob, write);
  const part = join(folder, "content");
  try {
    const left = await stat(part).catch(() => undefined);
    if (left !== undefined && left.size >= size) await rm(part);
    await write(part);
    await rename(part, blob);
  } catch (error) {
    // A connection that broke off leaves good bytes; anything else, a full disk too, leaves none to keep.
    if (!(error instanceof TypeError)) await rm(part, { force: true });
    throw error;
  } finally {
    await lock.release();
    // Not empty where there is a part to go on from, or another process has come in meanwhile.
    await rmdir(folder).catch(() => undefined);
  }
}

async function completeBesides(blob: string, write: (path: string) => Promise<void>): Promise<void> {
  const aside = besides(blob);
  try {
    await write(aside);
    await rename(aside, blob);
  } finally {
    await rm(aside, { force: true });
  }
}
