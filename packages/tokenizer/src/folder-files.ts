import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import type { TokenizerFiles } from "./tokenizer-files.ts";

/** The files of a folder on disk. */
export function filesOfFolder(folder: string): TokenizerFiles {
  return {
    folder,
    path: (name) => join(folder, name),
    read: (name) => readIfPresent(join(folder, name)),
    list: (inner) => readdir(join(folder, inner)).catch(() => []),
  };
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new InvalidInputError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
