import { InvalidInputError, isJsonRecord, type JsonRecord, textOfJson } from "@blora/spec";

export interface ByteLevelFiles {
  readonly folder: string;
  /** `vocab.json`: token to id. */
  readonly vocabulary: JsonRecord;
  /** `merges.txt`: a line a merge, the most frequent first. */
  readonly merges: string;
  /** `tokenizer_config.json`, with what its absence implies. */
  readonly tokenizerConfig: JsonRecord;
  /** `model_type` of `config.json`, which says the family where no class does. */
  readonly modelType: unknown;
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
interface Family {
  readonly steps: object;
  /** Special tokens where no file names them. */
  readonly tokens: JsonRecord;
}

const END = "<|endoftext|>";
const GPT2_FAMILY: Family = { steps: GPT2, tokens: { bos_token: END, eos_token: END, unk_token: END } };
/** Fills a place in a text with the space before it. */
const ROBERTA_MASK = { content: "<mask>", lstrip: true, rstrip: false, normalized: false, single_word: false };
const ROBERTA_TOKENS = {
  bos_token: "<s>",
  eos_token: "</s>",
  cls_token: "<s>",
  sep_token: "</s>",
  unk_token: "<unk>",
  pad_token: "<pad>",
  mask_token: ROBERTA_MASK,
};
/** What `tokenizer_class` implies and no file of such a folder says. */
const FAMILIES: Readonly<Record<string, Family>> = {
  Qwen2Tokenizer: { steps: QWEN2, tokens: { eos_token: END, pad_token: END, unk_token: END } },
  GPT2Tokenizer: GPT2_FAMILY,
  CodeGenTokenizer: GPT2_FAMILY,
  RobertaTokenizer: { steps: GPT2, tokens: ROBERTA_TOKENS },
};
/** The class that transformers takes for a model where none is named. */
const MODEL_CLASSES: Readonly<Record<string, string>> = {
  qwen2: "Qwen2Tokenizer",
  qwen3: "Qwen2Tokenizer",
  gpt2: "GPT2Tokenizer",
  phi: "GPT2Tokenizer",
  roberta: "RobertaTokenizer",
};

function classOf({ tokenizer_class: name }: JsonRecord, modelType: unknown): string | undefined {
  if (typeof name === "string") return name.replace(/Fast$/, "");
  return Object.hasOwn(MODEL_CLASSES, textOfJson(modelType)) ? MODEL_CLASSES[textOfJson(modelType)] : undefined;
}

/** `tokenizer_config.json` of a folder with `vocab.json`, with the class and the special tokens that it implies. */
export function byteLevelConfig(config: JsonRecord, modelType: unknown): JsonRecord {
  const name = classOf(config, modelType);
  if (name === undefined || !Object.hasOwn(FAMILIES, name)) return config;
  return { tokenizer_class: name, ...FAMILIES[name]!.tokens, ...config };
}

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

/** RoBERTa's frame of a text and of two, for libraries that frame texts themselves; null without its two tokens. */
function frame({ tokenizerConfig, vocabulary }: ByteLevelFiles): JsonRecord | null {
  const [cls, sep] = ["cls_token", "sep_token"].map((key) => {
    const token = tokenizerConfig[key];
    const name = textOfJson(isJsonRecord(token) ? token.content : token);
    return [name, Object.hasOwn(vocabulary, name) ? vocabulary[name] : undefined] as const;
  }) as [readonly [string, unknown], readonly [string, unknown]];
  if (cls[1] === undefined || sep[1] === undefined) return null;
  return { type: "RobertaProcessing", cls, sep, trim_offsets: true, add_prefix_space: false };
}

/**
 * The `tokenizer.json` of a folder that has only `vocab.json` and `merges.txt`:
 * byte-level byte-pair encoding as Qwen, GPT-2 and RoBERTa publish it.
 *
 * Throws `InvalidInputError` where a file is damaged or the tokenizer is of no known family.
 */
export function byteLevelJson(files: ByteLevelFiles): JsonRecord {
  const { folder, tokenizerConfig, modelType } = files;
  const name = classOf(tokenizerConfig, modelType);
  if (name === undefined || !Object.hasOwn(FAMILIES, name)) {
    throw new InvalidInputError(
      `tokenizer_config.json in ${folder}: expected a tokenizer_class of ${Object.keys(FAMILIES).join(", ")} beside vocab.json, ` +
        `found ${JSON.stringify(tokenizerConfig.tokenizer_class) ?? "none"}. Add the model's tokenizer.json.`,
    );
  }
  return {
    version: "1.0",
    added_tokens: [],
    ...FAMILIES[name]!.steps,
    post_processor: frame(files),
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
