import { readFile } from "node:fs/promises";
import { InvalidInputError } from "@blora/spec";

export type JsonRecord = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const recordsOf = (value: unknown): readonly JsonRecord[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

/** A file's bytes, or undefined where there is no such file. */
export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new InvalidInputError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** The JSON object in a file, or undefined where there is no such file. */
export async function readJsonIfPresent(path: string): Promise<JsonRecord | undefined> {
  const bytes = await readIfPresent(path);
  if (bytes === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new InvalidInputError(`${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isRecord(value)) throw new InvalidInputError(`${path}: expected a JSON object`);
  return value;
}
