import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { InvalidInputError, type JsonRecord, NotFoundError, parseStrictJsonObject } from "@blora/spec";

/** The text of a file; undefined where there is none. A file that cannot be read is not one that is empty. */
export function readTextIfPresent(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new InvalidInputError(`Cannot read ${path}: ${cause.message}`, { cause });
  });
}

/** The object in a JSON file, read strictly but for Python's numbers. Throws `NotFoundError` or `InvalidInputError` naming the file. */
export function readJsonFile(path: string): JsonRecord {
  const value = readJsonFileIfPresent(path);
  if (value !== undefined) return value;
  throw new NotFoundError(`${path} does not exist`);
}

/** The object in a JSON file, read strictly but for Python's numbers; undefined where there is no such file. Throws `InvalidInputError` naming the file. */
export function readJsonFileIfPresent(path: string): JsonRecord | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new InvalidInputError(`Cannot read ${path}: ${message}`, { cause });
  }
  return parseStrictJsonObject(bytes, { origin: path, ofPython: true });
}
