import { existsSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it, one after the other: asked for all of them, Node says of one on a read-only disk that
 * it is missing, and never ends where a folder that is there takes none, as in `/proc`.
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  if (isFolder(folder)) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  try {
    await mkdir(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isFolder(folder)) throw error;
  }
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();
