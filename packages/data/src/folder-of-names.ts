import type { DataFolder } from "./folder.ts";

/** Files that were given by their names alone, as a folder without folders in it. */
export function folderOfNames(path: string, names: readonly string[]): DataFolder {
  return { path, entries: names, at: (name) => name, open: async () => undefined };
}
