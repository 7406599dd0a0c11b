import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { link, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { partialPath, removeAbandoned } from "./partial-names.ts";
import { writeError } from "./write-error.ts";

/** What file systems without hard links answer. */
export const WITHOUT_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * Makes a file's content, or a folder's entries, survive a power cut. On Windows no folder is flushed, and of files those
 * that may be written.
 *
 * @param platform as `process.platform`
 */
export async function flush(path: string, platform: string = process.platform): Promise<void> {
  const isWindows = platform === "win32";
  if (isWindows && (await stat(path)).isDirectory()) return;
  const handle = await open(path, isWindows ? "r+" : "r").catch((error) => {
    if (isWindows && ["EPERM", "EACCES"].includes(error.code)) return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Of a file: whole, or piece by piece. */
export type Content = string | Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Replaces a file as a whole: readers see the old content or the new one, never a part.
 *
 * @throws InvalidInputError where it does not fit on the disk or may not be written, and what pieces throw; the old
 *   content stays
 */
export async function writeFileDurably(path: string, content: Content): Promise<void> {
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

/**
 * Writes a file where there is none, for who decides between several by it: one of those that try at the same time, on
 * one machine or several, is told that it was the first.
 *
 * @throws InvalidInputError as `writeFileDurably`, and where the file system has no hard links, which decide
 */
export async function writeFirstDurably(path: string, content: string | Uint8Array): Promise<boolean> {
  let isFirst = true;
  await writeAside(path, content, async (aside) => {
    try {
      await link(aside, path);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (WITHOUT_LINKS.has(code)) {
        const message = `${path}: expected a file system with hard links, which decide who is first, found one without (${code}).`;
        throw new InvalidInputError(message, { cause: error });
      }
      if (code !== "EEXIST") throw error;
      // NFS makes a link and answers that it is there, where the first answer was lost.
      isFirst = (await stat(aside)).nlink > 1;
    }
    await rm(aside);
  });
  return isFirst;
}

async function writeAside(path: string, content: Content, place: (aside: string) => Promise<void>): Promise<void> {
  await removeAbandoned(path);
  const aside = partialPath(path);
  try {
    await writeFile(aside, content, { flush: true });
    await place(aside);
  } catch (error) {
    await rm(aside, { force: true });
    const isWhole = typeof content === "string" || content instanceof Uint8Array;
    throw writeError(error, path, isWhole ? Buffer.byteLength(content) : undefined);
  }
  await flush(dirname(path));
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
