import { isJsonRecord, type JsonRecord, parseStrictJsonObject } from "@blora/spec";
import type { TokenizerFiles } from "./tokenizer-files.ts";

export const recordsOf = (value: unknown): readonly JsonRecord[] =>
  Array.isArray(value) ? value.filter(isJsonRecord) : [];

/** The JSON object in a file, or undefined where there is no such file. Any word may be a key: vocabularies are objects. */
export async function readJsonIfPresent(files: TokenizerFiles, name: string): Promise<JsonRecord | undefined> {
  const bytes = await files.read(name);
  return bytes && parseStrictJsonObject(bytes, { origin: files.path(name), anyKeys: true, ofPython: true });
}
