import { readdir } from "node:fs/promises";

/**
 * Names in a folder; none where there is no folder. One that cannot be read is not an empty one: what it holds would be made
 * again, over what is there.
 */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return [];
    throw cause;
  });
}
