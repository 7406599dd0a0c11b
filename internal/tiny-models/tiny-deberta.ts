import { type Filled, layerNorm, linear, type TinyOptions, writeModel } from "./write-model.ts";

const HIDDEN = 24;
const INNER = 40;
const BUCKETS = 16;
const SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"];
const LETTERS = [..."etaoinshrdlucmfwypvbgkjxqz.,!?'0123456789"];
const PIECES: readonly (readonly [text: string, score: number])[] = [
  ...SPECIAL.map((text) => [text, 0] as const),
  ["▁", -2],
  ...["▁the", "▁a", "▁of", "▁is", "ing", "er", "▁in", "ed"].map((text, index) => [text, -3 - index / 8] as const),
  ...LETTERS.map((text, index) => [text, -5 - index / 8] as const),
];
const MASK = { id: PIECES.length, content: "[MASK]" };
const VOCABULARY = 64;

const CONFIG = {
  architectures: ["DebertaV2ForMaskedLM"],
  model_type: "deberta-v2",
  hidden_act: "gelu",
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  max_position_embeddings: 64,
  max_relative_positions: -1,
  position_buckets: BUCKETS,
  relative_attention: true,
  share_att_key: true,
  norm_rel_ebd: "layer_norm",
  pos_att_type: "p2c|c2p",
  position_biased_input: false,
  type_vocab_size: 0,
  vocab_size: VOCABULARY,
  layer_norm_eps: 1e-7,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  initializer_range: 0.02,
  pad_token_id: 0,
  pooler_dropout: 0,
  pooler_hidden_act: "gelu",
  pooler_hidden_size: HIDDEN,
};

/** A lower-casing Unigram model of a few pieces. */
function tokenizer(): unknown {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const special = [...SPECIAL.map((content, id) => ({ id, content })), MASK];
  const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((token) => ({ ...token, ...flags })),
    normalizer: { type: "Lowercase" },
    pre_tokenizer: metaspace,
    post_processor: null,
    decoder: metaspace,
    model: { type: "Unigram", unk_id: SPECIAL.indexOf("[UNK]"), vocab: PIECES, byte_fallback: false },
  };
}

const layer = (prefix: string): Record<string, Filled> => ({
  ...linear(`${prefix}.attention.self.query_proj`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.attention.self.key_proj`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.attention.self.value_proj`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.attention.output.dense`, HIDDEN, HIDDEN),
  ...layerNorm(`${prefix}.attention.output.LayerNorm`, HIDDEN),
  ...linear(`${prefix}.intermediate.dense`, INNER, HIDDEN),
  ...linear(`${prefix}.output.dense`, HIDDEN, INNER),
  ...layerNorm(`${prefix}.output.LayerNorm`, HIDDEN),
});

/** A DeBERTaV3 of two layers and 64 positions with a Unigram tokenizer. */
export function writeTinyDeberta(folder: string, options: TinyOptions = {}): void {
  const files = {
    "tokenizer.json": tokenizer(),
    "tokenizer_config.json": {
      tokenizer_class: "DebertaV2Tokenizer",
      do_lower_case: true,
      pad_token: "[PAD]",
      cls_token: "[CLS]",
      sep_token: "[SEP]",
      unk_token: "[UNK]",
      mask_token: "[MASK]",
      model_max_length: 64,
    },
    "config.json": CONFIG,
    ...options.files,
  };
  const tensors: Record<string, Filled> = {
    "deberta.embeddings.word_embeddings.weight": ["random", VOCABULARY, HIDDEN],
    ...layerNorm("deberta.embeddings.LayerNorm", HIDDEN),
    ...layer("deberta.encoder.layer.0"),
    ...layer("deberta.encoder.layer.1"),
    ...layerNorm("deberta.encoder.LayerNorm", HIDDEN),
    "deberta.encoder.rel_embeddings.weight": ["random", 2 * BUCKETS, HIDDEN],
    ...options.tensors,
  };
  writeModel(folder, { files, tensors, seed: options.seed ?? 1 });
}
