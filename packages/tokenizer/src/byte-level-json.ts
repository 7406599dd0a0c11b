import { InvalidInputError, isJsonRecord, type JsonRecord } from "@blora/spec";

export interface ByteLevelFiles {
  readonly folder: string;
  /** `vocab.json`: token to id. */
  readonly vocabulary: JsonRecord;
  /** `merges.txt`: a line a merge, the most frequent first. */
  readonly merges: string;
  /** `added_tokens.json`: token to id. */
  readonly addedTokens: JsonRecord | undefined;
  readonly tokenizerConfig: JsonRecord;
}

const BYTE_LEVEL = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false } as const;
const GPT2 = { normalizer: null, pre_tokenizer: { ...BYTE_LEVEL, use_regex: true } };
/** How Qwen cuts a text into words: as GPT-2 does, but every digit alone and line breaks apart. */
const QWEN2_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const QWEN2 = {
  normalizer: { type: "NFC" },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: QWEN2_WORDS }, behavior: "Isolated", invert: false },
      { ...BYTE_LEVEL, use_regex: false },
    ],
  },
};
/** What `tokenizer_class` implies and no file of such a folder says. */
const FAMILIES: Readonly<Record<string, object>> = {
  Qwen2Tokenizer: QWEN2,
  GPT2Tokenizer: GPT2,
  CodeGenTokenizer: GPT2,
};

function parseMerges(text: string, folder: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, index) => {
    if (line === "" || (index === 0 && line.startsWith("#version"))) return [];
    if (/^[^ ]+ [^ ]+$/.test(line)) return [line];
    throw new InvalidInputError(
      `merges.txt in ${folder}, line ${index + 1}: expected two tokens and a space between, found ${JSON.stringify(line)}`,
    );
  });
}

function readVocabulary(vocabulary: JsonRecord, file: string): [string, number][] {
  return Object.entries(vocabulary).map(([token, id]) => {
    if (Number.isSafeInteger(id) && (id as number) >= 0) return [token, id as number];
    throw new InvalidInputError(`${file}: expected an id for ${JSON.stringify(token)}, found ${JSON.stringify(id)}`);
  });
}

function readAddedTokens({ tokenizerConfig, addedTokens, folder }: ByteLevelFiles): object[] {
  const described = isJsonRecord(tokenizerConfig.added_tokens_decoder) ? tokenizerConfig.added_tokens_decoder : {};
  const tokens = new Map<number, object>();
  for (const [content, id] of readVocabulary(addedTokens ?? {}, `added_tokens.json in ${folder}`)) {
    tokens.set(id, { id, content, special: false, normalized: true, lstrip: false, rstrip: false, single_word: false });
  }
  for (const [id, token] of Object.entries(described)) {
    if (!/^\d+$/.test(id) || !isJsonRecord(token) || typeof token.content !== "string") {
      throw new InvalidInputError(
        `tokenizer_config.json in ${folder}: expected added_tokens_decoder to name the content of each id, ` +
          `found ${JSON.stringify(token)} for ${JSON.stringify(id)}`,
      );
    }
    tokens.set(Number(id), { ...token, id: Number(id) });
  }
  return [...tokens.values()];
}

/**
 * The `tokenizer.json` of a folder that has only `vocab.json` and `merges.txt`:
 * byte-level byte-pair encoding as Qwen and GPT-2 publish it.
 *
 * Throws `InvalidInputError` where a file is damaged or `tokenizer_class` is of no known family.
 */
export function byteLevelJson(files: ByteLevelFiles): JsonRecord {
  const { folder, tokenizerConfig } = files;
  const name = String(tokenizerConfig.tokenizer_class).replace(/Fast$/, "");
  if (!Object.hasOwn(FAMILIES, name)) {
    throw new InvalidInputError(
      `tokenizer_config.json in ${folder}: expected a tokenizer_class of ${Object.keys(FAMILIES).join(", ")} beside vocab.json, ` +
        `found ${JSON.stringify(tokenizerConfig.tokenizer_class)}. Add the model's tokenizer.json.`,
    );
  }
  return {
    version: "1.0",
    added_tokens: readAddedTokens(files),
    ...FAMILIES[name],
    post_processor: null,
    decoder: { ...BYTE_LEVEL, use_regex: true },
    model: {
      type: "BPE",
      unk_token: null,
      byte_fallback: false,
      vocab: Object.fromEntries(readVocabulary(files.vocabulary, `vocab.json in ${folder}`)),
      merges: parseMerges(files.merges, folder),
    },
  };
}
