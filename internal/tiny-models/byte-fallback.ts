const LETTERS = [..."etaoinshrdlucmfwypvbgkjxqz.,!?'[]/THISNOW01234"];
const SPECIAL = ["<unk>", "<s>", "</s>"];

/**
 * A SentencePiece model of byte pairs as a `tokenizer.json`: letters, a few words, and bytes for the rest.
 *
 * @param prefixed whether every section of a text gets a "▁" in front, as Llama 2's do, or the first alone
 */
export function byteFallbackTokenizer(prefixed: "every" | "first"): unknown {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const pairs = ["▁ t", "h e", "▁t he", "▁ a", "i n", "e r", "▁ s"].map((pair) => pair.split(" ") as [string, string]);
  const letters = ["▁", ...LETTERS];
  const pieces = [...SPECIAL, ...bytes, ...letters, ...pairs.map(([a, b]) => a + b)];
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({ id, content, ...flags })),
    ...(prefixed === "every"
      ? {
          normalizer: {
            type: "Sequence",
            normalizers: [
              { type: "Prepend", prepend: "▁" },
              { type: "Replace", pattern: { String: " " }, content: "▁" },
            ],
          },
          pre_tokenizer: null,
        }
      : {
          normalizer: null,
          pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false },
        }),
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [
        { SpecialToken: { id: "<s>", type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: "<s>", type_id: 1 } },
        { Sequence: { id: "B", type_id: 1 } },
      ],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<unk>",
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      vocab,
      merges: pairs,
    },
  };
}
