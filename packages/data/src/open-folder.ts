import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { NotFoundError } from "@blora/spec";
import type { DataFormat } from "./file-name.ts";
import { either } from "./find-split-in.ts";
import type { DataFolder } from "./folder.ts";

/** A folder of the disk; undefined where `path` is none or cannot be read. */
export async function openFolder(path: string): Promise<DataFolder | undefined> {
  const entries = await readdir(path).catch(() => undefined);
  return entries && { path, entries, at: (name) => join(path, name), open: (name) => openFolder(join(path, name)) };
}

/** @throws NotFoundError where `path` is no folder or cannot be read */
export async function requireFolder(path: string, formats: readonly DataFormat[]): Promise<DataFolder> {
  const folder = await openFolder(path);
  if (folder !== undefined) return folder;
  throw new NotFoundError(`The data folder ${path} cannot be read: expected a folder of ${either(formats)} files.`);
}
