/** The files that describe the built-in checkpoint, in Hugging Face's formats. */
import type { JsonObject } from "@blora/spec";
import type { BytePairEncoding } from "./bpe.ts";
import { WORD_START } from "./words.ts";

export const VOCABULARY_SIZE = 8192;

const SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"] as const;

/** Pieces for the bytes of characters outside the alphabet, so that nothing is unknown. */
const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);

/** Id of the first learned piece: what may stand in for a hidden token. */
export const FIRST_PIECE_ID: number = SPECIAL.length + BYTES.length;

/** `tokenizer.json`: special tokens 0 to 4, then bytes, then pieces in the order they were learned. */
export function tokenizerJson({ pieces, merges }: BytePairEncoding): JsonObject {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: content === "[MASK]",
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: "Sequence", normalizers: [{ type: "NFD" }, { type: "StripAccents" }, { type: "Lowercase" }] },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "BertPreTokenizer" },
        { type: "Digits", individual_digits: true },
        { type: "Metaspace", replacement: WORD_START, prepend_scheme: "always", split: false },
      ],
    },
    post_processor: {
      type: "TemplateProcessing",
      single: [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)],
      pair: [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0), sequence("B", 1), special("[SEP]", 1)],
      special_tokens: {
        "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] },
        "[SEP]": { id: "[SEP]", ids: [2], tokens: ["[SEP]"] },
      },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: WORD_START }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "[UNK]",
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries([...SPECIAL, ...BYTES, ...pieces].map((piece, id) => [piece, id])),
      merges,
    },
  };
}

const special = (id: string, type: number) => ({ SpecialToken: { id, type_id: type } });
const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } });

export const tokenizerConfig: JsonObject = {
  tokenizer_class: "PreTrainedTokenizerFast",
  model_max_length: 512,
  pad_token: "[PAD]",
  cls_token: "[CLS]",
  sep_token: "[SEP]",
  unk_token: "[UNK]",
  mask_token: "[MASK]",
  clean_up_tokenization_spaces: false,
};

/** DeBERTaV3's options at 128 features and 4 layers, about 1.9 million weights. */
export const modelConfig: JsonObject = {
  model_type: "deberta-v2",
  architectures: ["DebertaV2ForMaskedLM"],
  vocab_size: VOCABULARY_SIZE,
  hidden_size: 128,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  intermediate_size: 512,
  hidden_act: "gelu",
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 512,
  type_vocab_size: 0,
  initializer_range: 0.02,
  layer_norm_eps: 1e-7,
  relative_attention: true,
  position_buckets: 64,
  max_relative_positions: -1,
  norm_rel_ebd: "layer_norm",
  share_att_key: true,
  pos_att_type: "p2c|c2p",
  position_biased_input: false,
  pad_token_id: 0,
  pooler_hidden_size: 128,
  pooler_hidden_act: "gelu",
  pooler_dropout: 0,
};
