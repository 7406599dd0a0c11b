import { isJsonRecord, type JsonRecord } from "@blora/spec";

/**
 * A byte-level `tokenizer.json` that puts a space before every text, as `add_prefix_space=True` makes it in
 * transformers. Undefined where it does so already, or where other steps come before the bytes: the space would
 * then stand before every part.
 */
export function withPrefixSpace(json: JsonRecord): JsonRecord | undefined {
  const { pre_tokenizer: words } = json;
  if (!isJsonRecord(words) || words.type !== "ByteLevel" || words.add_prefix_space === true) return undefined;
  return { ...json, pre_tokenizer: { ...words, add_prefix_space: true } };
}
