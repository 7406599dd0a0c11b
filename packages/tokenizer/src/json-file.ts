import { isJsonRecord, type JsonRecord, parseStrictJsonObject } from "@blora/spec";
import type { TokenizerFiles } from "./tokenizer-files.ts";

export const recordsOf = (value: unknown): readonly JsonRecord[] =>
  Array.isArray(value) ? value.filter(isJsonRecord) : [];

/** A part of `tokenizer.json`, and the parts of a sequence. */
export function stepsOf(part: unknown): readonly JsonRecord[] {
  if (!isJsonRecord(part)) return [];
  const { normalizers, pretokenizers, decoders } = part;
  return [part, ...recordsOf(normalizers ?? pretokenizers ?? decoders).flatMap(stepsOf)];
}

/** The JSON object in a file, or undefined where there is no such file. Any word may be a key: vocabularies are objects. */
export async function readJsonIfPresent(files: TokenizerFiles, name: string): Promise<JsonRecord | undefined> {
  const bytes = await files.read(name);
  return bytes && parseStrictJsonObject(bytes, { origin: files.path(name), anyKeys: true, ofPython: true });
}
