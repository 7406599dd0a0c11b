import { tokenizerOfFiles } from "@blora/tokenizer";

const TEXT = "Hello wörld, 123 a\u0301b 中文 \u{1f600}<s> </s>  end";
export const CHATML =
  "{% for m in messages %}{{ '<s>' + m['role'] + '\\n' + m['content'] }}{% endfor %}{% if add_generation_prompt %}{{ 'a' }}{% endif %}";
export const MARKS: Readonly<Record<string, string>> = {
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  pad_token: "</s>",
};

/** The files of a tokenizer, by name. */
type Files = Readonly<Record<string, string | Uint8Array>>;

/** Reads a tokenizer of files in memory, and writes and reads with it. */
export async function readTokenizer(name: string, files: Files): Promise<void> {
  const entries = Object.entries(files);
  const bytes = new Map(
    entries.map(([file, content]) => [file, typeof content === "string" ? Buffer.from(content) : content]),
  );
  const tokenizer = await tokenizerOfFiles(bytes, name);
  for (const text of [TEXT, ""]) tokenizer.decode(tokenizer.encode(text));
  if (tokenizer.special.cls !== undefined && tokenizer.special.sep !== undefined)
    tokenizer.assemble(tokenizer.encode("a"), tokenizer.encode("b"), 16);
  tokenizer.applyChatTemplate?.([{ role: "user", content: "hi" }], true);
}

export const LETTERS: readonly string[] = ["Ġ", "H", "e", "l", "o", "a", "b", "1", "2", "ll", "he"];
const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
export const ADDED: readonly object[] = ["<s>", "</s>", "<unk>"].map((content, id) => ({ id, content, ...flags }));

export const bpe = (parts: object = {}): string =>
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

export const unigram = (): string =>
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

export const FAST_CONFIG: string = JSON.stringify({ tokenizer_class: "PreTrainedTokenizerFast", ...MARKS });
