import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DataFolder } from "./folder.ts";

/** A folder of the disk; undefined where `path` is none or cannot be read. */
export async function openFolder(path: string): Promise<DataFolder | undefined> {
  const entries = await readdir(path).catch(() => undefined);
  return entries && { path, entries, at: (name) => join(path, name), open: (name) => openFolder(join(path, name)) };
}
