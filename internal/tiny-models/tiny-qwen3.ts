import { byteLevelTokenizer } from "./byte-level.ts";
import { TINY_CHAT_TEMPLATE } from "./tiny-qwen2.ts";
import { type Filled, type TinyOptions, writeModel } from "./write-model.ts";

const HIDDEN = 24;
const INNER = 36;
const HEADS = 6;
const KEY_VALUE_HEADS = 2;
/** Heads are wider than their share of the states. */
const HEAD_SIZE = 8;
const VOCABULARY = 264;

const CONFIG = {
  architectures: ["Qwen3ForCausalLM"],
  model_type: "qwen3",
  attention_bias: false,
  attention_dropout: 0,
  hidden_act: "silu",
  head_dim: HEAD_SIZE,
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  num_hidden_layers: 2,
  num_attention_heads: HEADS,
  num_key_value_heads: KEY_VALUE_HEADS,
  max_position_embeddings: 40960,
  max_window_layers: 2,
  rms_norm_eps: 1e-6,
  rope_scaling: null,
  rope_theta: 1e6,
  sliding_window: null,
  use_sliding_window: false,
  tie_word_embeddings: true,
  vocab_size: VOCABULARY,
  initializer_range: 0.02,
  bos_token_id: 257,
  eos_token_id: 0,
  torch_dtype: "float32",
  use_cache: true,
};

const layer = (prefix: string): Record<string, Filled> => ({
  [`${prefix}.input_layernorm.weight`]: [1, HIDDEN],
  [`${prefix}.post_attention_layernorm.weight`]: [1, HIDDEN],
  [`${prefix}.self_attn.q_norm.weight`]: [1, HEAD_SIZE],
  [`${prefix}.self_attn.k_norm.weight`]: [1, HEAD_SIZE],
  [`${prefix}.self_attn.q_proj.weight`]: ["random", HEADS * HEAD_SIZE, HIDDEN],
  [`${prefix}.self_attn.k_proj.weight`]: ["random", KEY_VALUE_HEADS * HEAD_SIZE, HIDDEN],
  [`${prefix}.self_attn.v_proj.weight`]: ["random", KEY_VALUE_HEADS * HEAD_SIZE, HIDDEN],
  [`${prefix}.self_attn.o_proj.weight`]: ["random", HIDDEN, HEADS * HEAD_SIZE],
  [`${prefix}.mlp.gate_proj.weight`]: ["random", INNER, HIDDEN],
  [`${prefix}.mlp.up_proj.weight`]: ["random", INNER, HIDDEN],
  [`${prefix}.mlp.down_proj.weight`]: ["random", HIDDEN, INNER],
});

/** A Qwen3 of two layers with norms of queries and keys, a tied head and a byte-level tokenizer. */
export function writeTinyQwen3(folder: string, options: TinyOptions = {}): void {
  const files = {
    "tokenizer.json": byteLevelTokenizer(["<|im_end|>"], ["<|endoftext|>", "<|im_start|>"]),
    "tokenizer_config.json": {
      tokenizer_class: "Qwen2Tokenizer",
      bos_token: null,
      eos_token: "<|im_end|>",
      pad_token: "<|endoftext|>",
      model_max_length: 131072,
      clean_up_tokenization_spaces: false,
      chat_template: TINY_CHAT_TEMPLATE,
    },
    "generation_config.json": { do_sample: true, eos_token_id: [0, 257], pad_token_id: 257 },
    "config.json": CONFIG,
    ...options.files,
  };
  const tensors: Record<string, Filled> = {
    "model.embed_tokens.weight": ["random", VOCABULARY, HIDDEN],
    ...layer("model.layers.0"),
    ...layer("model.layers.1"),
    "model.norm.weight": [1, HIDDEN],
    ...options.tensors,
  };
  writeModel(folder, { files, tensors, seed: options.seed ?? 1 });
}
