import { byteLevelTokenizer } from "./byte-level.ts";
import { type Filled, layerNorm, linear, type TinyOptions, writeModel } from "./write-model.ts";

const HIDDEN = 24;
const INNER = 40;
/** Two of them come before the first token. */
const POSITIONS = 66;
const VOCABULARY = 264;

const CONFIG = {
  architectures: ["RobertaForMaskedLM"],
  model_type: "roberta",
  hidden_act: "gelu",
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  max_position_embeddings: POSITIONS,
  type_vocab_size: 1,
  vocab_size: VOCABULARY,
  layer_norm_eps: 1e-5,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  initializer_range: 0.02,
  bos_token_id: 0,
  pad_token_id: 1,
  eos_token_id: 2,
};

const layer = (prefix: string): Record<string, Filled> => ({
  ...linear(`${prefix}.attention.self.query`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.attention.self.key`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.attention.self.value`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.attention.output.dense`, HIDDEN, HIDDEN),
  ...layerNorm(`${prefix}.attention.output.LayerNorm`, HIDDEN),
  ...linear(`${prefix}.intermediate.dense`, INNER, HIDDEN),
  ...linear(`${prefix}.output.dense`, HIDDEN, INNER),
  ...layerNorm(`${prefix}.output.LayerNorm`, HIDDEN),
});

/** A RoBERTa of two layers and 64 positions with a byte-level tokenizer. */
export function writeTinyRoberta(folder: string, options: TinyOptions = {}): void {
  const files = {
    "tokenizer.json": byteLevelTokenizer(["<s>", "<pad>", "</s>", "<unk>"], ["<mask>"]),
    "tokenizer_config.json": {
      tokenizer_class: "RobertaTokenizer",
      bos_token: "<s>",
      cls_token: "<s>",
      eos_token: "</s>",
      sep_token: "</s>",
      pad_token: "<pad>",
      unk_token: "<unk>",
      mask_token: "<mask>",
      model_max_length: 64,
      clean_up_tokenization_spaces: false,
    },
    "config.json": CONFIG,
    ...options.files,
  };
  const tensors: Record<string, Filled> = {
    "roberta.embeddings.word_embeddings.weight": ["random", VOCABULARY, HIDDEN],
    "roberta.embeddings.position_embeddings.weight": ["random", POSITIONS, HIDDEN],
    "roberta.embeddings.token_type_embeddings.weight": ["random", 1, HIDDEN],
    ...layerNorm("roberta.embeddings.LayerNorm", HIDDEN),
    ...layer("roberta.encoder.layer.0"),
    ...layer("roberta.encoder.layer.1"),
    ...options.tensors,
  };
  writeModel(folder, { files, tensors, seed: options.seed ?? 1 });
}
