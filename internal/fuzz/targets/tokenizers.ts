import { loadTokenizer } from "@blora/tokenizer";
import { sentencePieceModel } from "../../../packages/tokenizer/test/sentencepiece-fixture.ts";
import type { Place, Target } from "../target.ts";
import { fixture } from "./fixture.ts";

const TEXT = "Hello wörld, 123 a\u0301b 中文 \u{1f600}<s> </s>  end";
const CHATML =
  "{% for m in messages %}{{ '<s>' + m['role'] + '\\n' + m['content'] }}{% endfor %}{% if add_generation_prompt %}{{ 'a' }}{% endif %}";
const MARKS = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", pad_token: "</s>" };

async function readTokenizer(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder);
  for (const text of [TEXT, ""]) tokenizer.decode(tokenizer.encode(text));
  if (tokenizer.special.cls !== undefined && tokenizer.special.sep !== undefined)
    tokenizer.assemble(tokenizer.encode("a"), tokenizer.encode("b"), 16);
  tokenizer.applyChatTemplate?.([{ role: "user", content: "hi" }], true);
}

const LETTERS = ["Ġ", "H", "e", "l", "o", "a", "b", "1", "2", "ll", "he"];
const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
const ADDED = ["<s>", "</s>", "<unk>"].map((content, id) => ({ id, content, ...flags }));

const bpe = (parts: object = {}): string =>
  JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: ADDED,
    normalizer: {
      type: "Sequence",
      normalizers: [{ type: "NFC" }, { type: "Replace", pattern: { Regex: "a+" }, content: "b" }],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: "\\p{N}|[^\\s]+" }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<unk>",
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(["<s>", "</s>", "<unk>", ...LETTERS].map((token, id) => [token, id])),
      merges: ["l l", "H e"],
    },
    ...parts,
  });

const unigram = (): string =>
  JSON.stringify({
    version: "1.0",
    added_tokens: ADDED,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Strip", strip_left: false, strip_right: true },
        { type: "Replace", pattern: { Regex: " {2,}" }, content: "▁" },
      ],
    },
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ Sequence: { id: "A", type_id: 0 } }],
      pair: [],
      special_tokens: {},
    },
    decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
    model: {
      type: "Unigram",
      unk_id: 2,
      byte_fallback: false,
      vocab: [
        ["<s>", 0],
        ["</s>", 0],
        ["<unk>", 0],
        ["▁", -1],
        ["a", -2],
        ["▁Hello", -3],
        ["l", -4],
      ],
    },
  });

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
  setUp: (place) =>
    void place.write("tokenizer_config.json", JSON.stringify({ tokenizer_class: "PreTrainedTokenizerFast", ...MARKS })),
  read(bytes, place) {
    place.write("tokenizer.json", bytes);
    return readTokenizer(place.folder);
  },
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
const settings = (name: string, file: string, seeds: readonly object[]): Target => ({
  name,
  names: name,
  words: SETTINGS_WORDS,
  json: true,
  tried: 300,
  seconds: 2.5,
  seeds: () => seeds.map((seed) => JSON.stringify(seed)),
  setUp(place) {
    place.write("tokenizer.json", bpe());
    place.write(
      "tokenizer_config.json",
      JSON.stringify({
        tokenizer_class: "PreTrainedTokenizerFast",
        ...(file === "special_tokens_map.json" ? {} : MARKS),
      }),
    );
  },
  read(bytes, place) {
    place.write(file, bytes);
    return readTokenizer(place.folder);
  },
});

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
    setUp(place) {
      for (const [other, content] of Object.entries(files)) place.write(other, content);
    },
    read(bytes, place) {
      place.write(file, bytes);
      return readTokenizer(place.folder);
    },
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
  setUp(place) {
    place.write("tokenizer_config.json", JSON.stringify({ tokenizer_class: "DebertaV2Tokenizer", ...MARKS }));
  },
  read(bytes, place) {
    place.write("spm.model", bytes);
    return readTokenizer(place.folder);
  },
};

const vocabularyText: Target = {
  name: "vocab-txt",
  names: "vocab",
  words: ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]", "##a", "\n", "\r\n", "\ufeff"],
  tried: 300,
  seeds: () => ["[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\na\n##a\nb\n1\n,\n"],
  setUp: (place) => void place.write("tokenizer_config.json", JSON.stringify({ tokenizer_class: "BertTokenizer" })),
  read(bytes, place) {
    place.write("vocab.txt", bytes);
    return readTokenizer(place.folder);
  },
};

const withTokenizer = (place: Place): void => {
  place.write("tokenizer.json", bpe());
  place.write("tokenizer_config.json", JSON.stringify({ tokenizer_class: "PreTrainedTokenizerFast", ...MARKS }));
};

const chatTemplate: Target = {
  name: "chat-template",
  names: "chat-template",
  words: [
    ...[
      "{{",
      "}}",
      "{%",
      "%}",
      "{%-",
      "-%}",
      "{#",
      "#}",
      "for",
      "endfor",
      "if",
      "else",
      "endif",
      "set",
      "macro",
      "endmacro",
    ],
    ...[
      "messages",
      "role",
      "content",
      "raise_exception('x')",
      "strftime_now('%Y')",
      "namespace(x=1)",
      "range(3)",
      "loop.index",
    ],
    ...[
      "| tojson",
      "| trim",
      "| length",
      "| join(',')",
      "is defined",
      "not ",
      " in ",
      "[0]",
      "[1:]",
      "[::-1]",
      ".split('a')",
    ],
    ...[
      "constructor.constructor('globalThis.executed=1')()",
      "__proto__",
      "tools",
      "none",
      "true",
      "'",
      '"',
      "~",
      "%",
      "/0",
    ],
  ],
  tried: 300,
  seconds: 2.5,
  seeds: () => [
    CHATML,
    "{%- set ns = namespace(n=0) -%}{% for m in messages %}{% set ns.n = ns.n + loop.index %}{{ m.content | trim | tojson }}{% endfor %}{{ ns.n }}",
    "{% macro f(x, y='a') %}{{ x ~ y }}{% endmacro %}{{ f(messages[0].role) }}{{ messages[-1]['content'][1:] }}{{ bos_token }}",
    "{% if tools is defined and tools %}{{ tools | tojson(indent=2) }}{% elif messages | length > 1 %}x{% else %}{{ raise_exception('no') }}{% endif %}",
  ],
  setUp: withTokenizer,
  async read(bytes, place) {
    place.write("chat_template.jinja", bytes);
    const { applyChatTemplate } = await loadTokenizer(place.folder);
    applyChatTemplate?.([{ role: "user", content: "hi" }], true);
  },
};

const pattern: Target = {
  name: "tokenizer-pattern",
  names: "tokenizer-pattern",
  words: [
    ...[
      "(?i:",
      "(?:",
      "(?=",
      "(?!",
      "(?<=",
      "(?<!",
      "(?>",
      "(?<a>",
      ")",
      "[",
      "]",
      "[^",
      "\\p{L}",
      "\\p{N}",
      "\\P{Han}",
      "\\s",
    ],
    ...[
      "\\S",
      "\\w",
      "\\b",
      "\\d",
      "\\r\\n",
      "+",
      "*",
      "?",
      "{1,3}",
      "{2,}",
      "|",
      "^",
      "$",
      "\\A",
      "\\z",
      "\\1",
      ".",
      "(a+)+$",
      "&&",
      "[[:alpha:]]",
    ],
  ],
  tried: 300,
  seconds: 2.5,
  seeds: () => [
    "(?i:'s|'t|'re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+(?!\\S)|\\s+",
    "\\d+|[a-z]+|\\W",
  ],
  setUp: withTokenizer,
  read(bytes, place) {
    const split = {
      type: "Split",
      pattern: { Regex: Buffer.from(bytes).toString() },
      behavior: "Isolated",
      invert: false,
    };
    place.write("tokenizer.json", bpe({ normalizer: null, pre_tokenizer: split }));
    return readTokenizer(place.folder);
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
