import { sentencePieceModel } from "../../../packages/tokenizer/test/sentencepiece-fixture.ts";
import type { Target } from "../target.ts";
import { fixture } from "./fixture.ts";
import { chatTemplate, pattern } from "./tokenizer-rules.ts";
import { ADDED, bpe, CHATML, FAST_CONFIG, LETTERS, MARKS, readTokenizer, unigram } from "./tokenizer-samples.ts";

const TYPES = [
  ...["BPE", "Unigram", "WordPiece", "WordLevel", "ByteLevel", "Metaspace", "Whitespace", "WhitespaceSplit", "Digits"],
  ...[
    "Punctuation",
    "Split",
    "Sequence",
    "BertNormalizer",
    "BertPreTokenizer",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Lowercase",
  ],
  ...["Strip", "StripAccents", "Replace", "Prepend", "Precompiled", "Nmt", "TemplateProcessing", "RobertaProcessing"],
  ...["BertProcessing", "Fuse", "ByteFallback", "CTC", "Isolated", "Removed", "MergedWithPrevious", "Regex", "String"],
  ...["type", "vocab", "merges", "added_tokens", "model", "content", "pattern", "(a+)+$", "[", "(?i)", "<s>", "▁"],
];

const tokenizerJson: Target = {
  name: "tokenizer-json",
  names: "tokenizer-json",
  words: TYPES,
  json: true,
  tried: 300,
  seconds: 2.5,
  seeds: () => [
    bpe(),
    bpe({ normalizer: null, pre_tokenizer: { type: "ByteLevel" } }),
    unigram(),
    fixture("wordpiece/tokenizer.json"),
  ],
  read: (bytes) => readTokenizer("tokenizer-json", { "tokenizer.json": bytes, "tokenizer_config.json": FAST_CONFIG }),
};

const SETTINGS_WORDS = [
  ...["bos_token", "eos_token", "unk_token", "pad_token", "cls_token", "sep_token", "chat_template", "tokenizer_class"],
  ...[
    "added_tokens_decoder",
    "additional_special_tokens",
    "content",
    "BertTokenizer",
    "LlamaTokenizer",
    "Qwen2Tokenizer",
  ],
  ...["<s>", "</s>", "{{ messages }}", "{% for %}", "model_type", "roberta", "eos_token_id", "do_lower_case"],
];

/** A file beside a tokenizer.json. */
const settings = (name: string, file: string, seeds: readonly object[]): Target => {
  const config = JSON.stringify({ tokenizer_class: "PreTrainedTokenizerFast" });
  const beside = {
    "tokenizer.json": bpe(),
    "tokenizer_config.json": file === "special_tokens_map.json" ? config : FAST_CONFIG,
  };
  return {
    name,
    names: name,
    words: SETTINGS_WORDS,
    json: true,
    tried: 300,
    seconds: 2.5,
    seeds: () => seeds.map((seed) => JSON.stringify(seed)),
    read: (bytes) => readTokenizer(name, { ...beside, [file]: bytes }),
  };
};

const byteLevel = (name: string, file: "vocab.json" | "merges.txt" | "added_tokens.json", json: boolean): Target => {
  const files = {
    "vocab.json": JSON.stringify(
      Object.fromEntries(["<s>", "</s>", "<unk>", ...LETTERS].map((token, id) => [token, id])),
    ),
    "merges.txt": "#version: 0.2\nl l\nH e\n",
    "added_tokens.json": JSON.stringify({ "<x>": 14 }),
    "tokenizer_config.json": JSON.stringify({ tokenizer_class: "GPT2Tokenizer", ...MARKS }),
  };
  return {
    name,
    names: name,
    words: ["<s>", "</s>", "Ġ", "l", "H", "e", " ", "\n", "#version"],
    json,
    tried: 300,
    seconds: 2.5,
    seeds: () => [files[file]],
    read: (bytes) => readTokenizer(name, { ...files, [file]: bytes }),
  };
};

const sentencePiece: Target = {
  name: "sentencepiece",
  names: "sentencepiece",
  tried: 300,
  seeds: () => {
    const pieces = [
      ["<unk>", 0, "unknown"],
      ["<s>", 0, "control"],
      ["</s>", 0, "control"],
      ["▁", -1],
      ["a", -2],
      ["▁Hello", -3],
      ["l", -4],
      ["<x>", 0, "user-defined"],
    ] as const;
    return [
      sentencePieceModel({ pieces }),
      sentencePieceModel({
        pieces: [...pieces, ["<0x41>", 0, "byte"]],
        byteFallback: true,
        removeExtraWhitespaces: false,
      }),
      sentencePieceModel({ pieces, modelType: 2 }),
      sentencePieceModel({ pieces, rules: { ａ: "a" } }),
    ];
  },
  read(bytes) {
    const config = JSON.stringify({ tokenizer_class: "DebertaV2Tokenizer", ...MARKS });
    return readTokenizer("sentencepiece", { "tokenizer_config.json": config, "spm.model": bytes });
  },
};

const vocabularyText: Target = {
  name: "vocab-txt",
  names: "vocab",
  words: ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]", "##a", "\n", "\r\n", "\ufeff"],
  tried: 300,
  seeds: () => ["[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\na\n##a\nb\n1\n,\n"],
  read(bytes) {
    const config = JSON.stringify({ tokenizer_class: "BertTokenizer" });
    return readTokenizer("vocab-txt", { "tokenizer_config.json": config, "vocab.txt": bytes });
  },
};

export const tokenizerTargets: readonly Target[] = [
  tokenizerJson,
  settings("tokenizer-config", "tokenizer_config.json", [
    { tokenizer_class: "PreTrainedTokenizerFast", ...MARKS, chat_template: CHATML },
    {
      ...MARKS,
      added_tokens_decoder: { "0": ADDED[0] },
      additional_special_tokens: ["<s>"],
      chat_template: [{ name: "default", template: CHATML }],
    },
    { tokenizer_class: "BertTokenizer", do_lower_case: false, unk_token: { content: "<unk>" }, pad_token: "<s>" },
  ]),
  settings("special-tokens-map", "special_tokens_map.json", [
    MARKS,
    { bos_token: { content: "<s>", lstrip: false }, pad_token: "</s>" },
  ]),
  settings("generation-config", "generation_config.json", [
    { eos_token_id: [1, 2], pad_token_id: 0 },
    { eos_token_id: 1 },
  ]),
  byteLevel("vocab-json", "vocab.json", true),
  byteLevel("merges-txt", "merges.txt", false),
  byteLevel("added-tokens", "added_tokens.json", true),
  sentencePiece,
  vocabularyText,
  chatTemplate,
  pattern,
];
