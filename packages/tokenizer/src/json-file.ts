import { readFile } from "node:fs/promises";
import { InvalidInputError, isJsonRecord, type JsonRecord, parseStrictJsonObject } from "@blora/spec";

export const recordsOf = (value: unknown): readonly JsonRecord[] =>
  Array.isArray(value) ? value.filter(isJsonRecord) : [];

/** A file's bytes, or undefined where there is no such file. */
export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new InvalidInputError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** The JSON object in a file, or undefined where there is no such file. Any word may be a key: vocabularies are objects. */
export async function readJsonIfPresent(path: string): Promise<JsonRecord | undefined> {
  const bytes = await readIfPresent(path);
  return bytes && parseStrictJsonObject(bytes, { origin: path, anyKeys: true });
}
