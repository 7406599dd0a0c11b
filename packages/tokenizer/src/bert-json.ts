import { InvalidInputError, type JsonRecord, textOfJson } from "@blora/spec";

const CLASSES: ReadonlySet<string> = new Set(
  ["Bert", "DistilBert", "Electra", "MobileBert", "ConvBert", "SqueezeBert"].map((name) => `${name}Tokenizer`),
);
const MODEL_TYPES: ReadonlySet<unknown> = new Set([
  "bert",
  "distilbert",
  "electra",
  "mobilebert",
  "convbert",
  "squeezebert",
]);

/** Whether transformers makes BERT's tokenizer of a folder: the class that is named decides, else the model. */
export function isBert(tokenizerConfig: JsonRecord, modelType: unknown): boolean {
  const { tokenizer_class: name } = tokenizerConfig;
  return typeof name === "string" ? CLASSES.has(name.replace(/Fast$/, "")) : MODEL_TYPES.has(modelType);
}

/** BERT's normalizer as transformers 5 makes it: by `tokenizer_config.json`, whatever `tokenizer.json` says. */
const normalizerOf = (config: JsonRecord): JsonRecord => ({
  type: "BertNormalizer",
  clean_text: true,
  handle_chinese_chars: config.tokenize_chinese_chars ?? true,
  strip_accents: config.strip_accents ?? null,
  lowercase: config.do_lower_case ?? true,
});

/** A `tokenizer.json` of BERT with the settings of `tokenizer_config.json`. */
export const withBertSettings = (json: JsonRecord, config: JsonRecord): JsonRecord =>
  (json.normalizer as JsonRecord | null)?.type === "BertNormalizer"
    ? { ...json, normalizer: normalizerOf(config) }
    : json;

const SPECIAL = {
  unk_token: "[UNK]",
  sep_token: "[SEP]",
  pad_token: "[PAD]",
  cls_token: "[CLS]",
  mask_token: "[MASK]",
};

/** What a folder of `vocab.txt` alone implies, under what its `tokenizer_config.json` says. */
export const bertConfig = (config: JsonRecord): JsonRecord => ({
  tokenizer_class: "BertTokenizer",
  ...SPECIAL,
  ...config,
});

const contentOf = (value: unknown): unknown => (value as JsonRecord | null)?.content ?? value;

/** `[CLS] first [SEP] second [SEP]` for libraries that frame texts themselves. */
function frame(vocab: Readonly<Record<string, number>>, cls: string, sep: string): JsonRecord | null {
  if (!Object.hasOwn(vocab, cls) || !Object.hasOwn(vocab, sep)) return null;
  const mark = (id: string, type_id: number): JsonRecord => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id: number): JsonRecord => ({ Sequence: { id, type_id } });
  const single = [mark(cls, 0), text("A", 0), mark(sep, 0)];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, text("B", 1), mark(sep, 1)],
    special_tokens: Object.fromEntries([cls, sep].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }])),
  };
}

/**
 * The `tokenizer.json` of a folder that has only `vocab.txt`, a token a line.
 *
 * @throws InvalidInputError where the vocabulary lacks the unknown token
 */
export function bertJson(vocabularyText: string, config: JsonRecord, path: string): JsonRecord {
  const lines = vocabularyText.replace(/\r?\n$/, "").split(/\r?\n/);
  const vocab = Object.fromEntries(lines.map((token, id) => [token, id]));
  const unknown = textOfJson(contentOf(config.unk_token));
  if (!Object.hasOwn(vocab, unknown)) {
    throw new InvalidInputError(`${path}: expected a line with the unknown token ${unknown}, found none.`);
  }
  const names = new Set(Object.keys(SPECIAL).map((key) => contentOf(config[key])));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: "1.0",
    added_tokens: lines.flatMap((content, id) => (names.has(content) ? [{ id, content, ...flags }] : [])),
    normalizer: normalizerOf(config),
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: frame(vocab, textOfJson(contentOf(config.cls_token)), textOfJson(contentOf(config.sep_token))),
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: unknown,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
