import { byteLevelTokenizer } from "./byte-level.ts";
import { type Filled, type TinyOptions, writeModel } from "./write-model.ts";

const HIDDEN = 24;
const INNER = 20;
const LAYERS = 4;
const VOCABULARY = 264;

const CONFIG = {
  architectures: ["ModernBertForMaskedLM"],
  model_type: "modernbert",
  attention_bias: false,
  classifier_activation: "gelu",
  classifier_pooling: "mean",
  global_attn_every_n_layers: 3,
  global_rope_theta: 160000,
  hidden_activation: "gelu",
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  local_attention: 8,
  local_rope_theta: 10000,
  max_position_embeddings: 128,
  mlp_bias: false,
  norm_bias: false,
  norm_eps: 1e-5,
  num_hidden_layers: LAYERS,
  num_attention_heads: 3,
  vocab_size: VOCABULARY,
  initializer_range: 0.02,
  cls_token_id: 1,
  sep_token_id: 2,
  pad_token_id: 3,
};

/** The first layer reads what the embeddings' norm made. */
const layer = (index: number): Record<string, Filled> => ({
  ...(index > 0 && { [`model.layers.${index}.attn_norm.weight`]: [1, HIDDEN] as const }),
  [`model.layers.${index}.attn.Wqkv.weight`]: ["random", 3 * HIDDEN, HIDDEN],
  [`model.layers.${index}.attn.Wo.weight`]: ["random", HIDDEN, HIDDEN],
  [`model.layers.${index}.mlp_norm.weight`]: [1, HIDDEN],
  [`model.layers.${index}.mlp.Wi.weight`]: ["random", 2 * INNER, HIDDEN],
  [`model.layers.${index}.mlp.Wo.weight`]: ["random", HIDDEN, INNER],
});

/** A ModernBERT of four layers, of which two see near tokens alone, with a byte-level tokenizer. */
export function writeTinyModernBert(folder: string, options: TinyOptions = {}): void {
  const files = {
    "tokenizer.json": byteLevelTokenizer(["[UNK]", "[CLS]", "[SEP]", "[PAD]"], ["[MASK]"]),
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      cls_token: "[CLS]",
      sep_token: "[SEP]",
      pad_token: "[PAD]",
      unk_token: "[UNK]",
      mask_token: "[MASK]",
      model_max_length: 128,
      clean_up_tokenization_spaces: false,
    },
    "config.json": CONFIG,
    ...options.files,
  };
  const tensors: Record<string, Filled> = {
    "model.embeddings.tok_embeddings.weight": ["random", VOCABULARY, HIDDEN],
    "model.embeddings.norm.weight": [1, HIDDEN],
    ...Object.assign({}, ...Array.from({ length: LAYERS }, (_, index) => layer(index))),
    "model.final_norm.weight": [1, HIDDEN],
    ...options.tensors,
  };
  writeModel(folder, { files, tensors, seed: options.seed ?? 1 });
}
