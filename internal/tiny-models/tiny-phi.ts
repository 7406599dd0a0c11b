import { byteLevelTokenizer } from "./byte-level.ts";
import { type Filled, layerNorm, linear, type TinyOptions, writeModel } from "./write-model.ts";

const HIDDEN = 24;
const INNER = 36;
const VOCABULARY = 264;

const CONFIG = {
  architectures: ["PhiForCausalLM"],
  model_type: "phi",
  hidden_act: "gelu_new",
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  max_position_embeddings: 2048,
  partial_rotary_factor: 0.5,
  qk_layernorm: false,
  layer_norm_eps: 1e-5,
  rope_theta: 1e4,
  tie_word_embeddings: false,
  vocab_size: VOCABULARY,
  attention_dropout: 0,
  embd_pdrop: 0,
  resid_pdrop: 0,
  initializer_range: 0.02,
  bos_token_id: 256,
  eos_token_id: 256,
  torch_dtype: "float32",
  use_cache: true,
};

const layer = (prefix: string): Record<string, Filled> => ({
  ...layerNorm(`${prefix}.input_layernorm`, HIDDEN),
  ...linear(`${prefix}.self_attn.q_proj`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.self_attn.k_proj`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.self_attn.v_proj`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.self_attn.dense`, HIDDEN, HIDDEN),
  ...linear(`${prefix}.mlp.fc1`, INNER, HIDDEN),
  ...linear(`${prefix}.mlp.fc2`, HIDDEN, INNER),
});

/** A Phi of two layers with a byte-level tokenizer and no chat template, as Phi-2 has none. */
export function writeTinyPhi(folder: string, options: TinyOptions = {}): void {
  const files = {
    "tokenizer.json": byteLevelTokenizer([], ["<|endoftext|>"]),
    "tokenizer_config.json": {
      tokenizer_class: "CodeGenTokenizer",
      bos_token: "<|endoftext|>",
      eos_token: "<|endoftext|>",
      unk_token: "<|endoftext|>",
      model_max_length: 2048,
      clean_up_tokenization_spaces: false,
    },
    "config.json": CONFIG,
    ...options.files,
  };
  const tensors: Record<string, Filled> = {
    "model.embed_tokens.weight": ["random", VOCABULARY, HIDDEN],
    ...layer("model.layers.0"),
    ...layer("model.layers.1"),
    ...layerNorm("model.final_layernorm", HIDDEN),
    ...linear("lm_head", VOCABULARY, HIDDEN),
    ...options.tensors,
  };
  writeModel(folder, { files, tensors, seed: options.seed ?? 1 });
}
