import { isJsonRecord, type JsonRecord } from "@blora/spec";
import { recordsOf } from "./json-file.ts";

/** Classes of byte-level tokenizers, and models that have one where no class is named. */
const BYTE_LEVEL_CLASSES: ReadonlySet<string> = new Set(
  ["GPT2", "CodeGen", "GPTNeoX", "Roberta", "Longformer", "Bart", "Deberta"].map((name) => `${name}Tokenizer`),
);
const BYTE_LEVEL_MODELS: ReadonlySet<unknown> = new Set(["gpt2", "phi", "roberta"]);

/**
 * A `tokenizer.json` with the space before a text, or none, that transformers makes of these classes: by
 * `add_prefix_space` of `tokenizer_config.json`, whatever `tokenizer.json` says. Llama's classes can only leave it out.
 */
export function withPrefixSetting(json: JsonRecord, config: JsonRecord, modelType: unknown): JsonRecord {
  const { tokenizer_class: named, add_prefix_space: prefix } = config;
  const name = typeof named === "string" ? named.replace(/Fast$/, "") : undefined;
  const isByteLevel = name === undefined ? BYTE_LEVEL_MODELS.has(modelType) : BYTE_LEVEL_CLASSES.has(name);
  const { pre_tokenizer: words, normalizer } = json;
  if (isByteLevel && isJsonRecord(words) && words.type === "ByteLevel") {
    return { ...json, pre_tokenizer: { ...words, add_prefix_space: prefix === true } };
  }
  if (!/^(Code)?LlamaTokenizer$/.test(name ?? "") || prefix !== false) return json;
  const unprefixed =
    isJsonRecord(words) && words.type === "Metaspace" ? { ...words, prepend_scheme: "never" } : (words ?? null);
  return { ...json, pre_tokenizer: unprefixed, normalizer: withoutPrepend(normalizer) };
}

function withoutPrepend(normalizer: unknown): unknown {
  if (!isJsonRecord(normalizer)) return normalizer ?? null;
  if (normalizer.type === "Prepend") return null;
  if (normalizer.type !== "Sequence") return normalizer;
  return { ...normalizer, normalizers: recordsOf(normalizer.normalizers).filter(({ type }) => type !== "Prepend") };
}
