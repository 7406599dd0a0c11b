import { byteLevelTokenizer } from "./byte-level.ts";
import { type Filled, writeModel } from "./write-model.ts";

const HIDDEN = 24;
const INNER = 36;
const LAYERS = 2;
const HEADS = 6;
const KEY_VALUE = 8;

/** `<|im_end|>` is id 0, a byte is its value's place in GPT-2's alphabet, `<|endoftext|>` is 257 and `<|im_start|>` 258. */
export const TINY_QWEN2_VOCABULARY = 264;

/** Frames a conversation as ChatML. */
export const TINY_CHAT_TEMPLATE: string =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

export interface TinyQwen2 {
  /** Random logits. Without it all are 0, and greedy decoding always takes id 0, `<|im_end|>`. */
  readonly randomHead?: boolean;
  /** Where the chat template stands: in `tokenizer_config.json` where nothing else is said. */
  readonly template?: "config" | "jinja" | "none";
  /** What fills the last layer norm; NaN makes every logit NaN. */
  readonly norm?: number;
  readonly seed?: number;
  /** Written over the files made here, or beside them. */
  readonly files?: Readonly<Record<string, unknown>>;
}

const CONFIG = {
  architectures: ["Qwen2ForCausalLM"],
  model_type: "qwen2",
  hidden_act: "silu",
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  num_hidden_layers: LAYERS,
  num_attention_heads: HEADS,
  num_key_value_heads: (KEY_VALUE * HEADS) / HIDDEN,
  max_position_embeddings: 32768,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  sliding_window: null,
  use_sliding_window: false,
  tie_word_embeddings: false,
  vocab_size: TINY_QWEN2_VOCABULARY,
  attention_dropout: 0,
  initializer_range: 0.02,
  bos_token_id: 257,
  eos_token_id: 257,
  torch_dtype: "float32",
  use_cache: true,
};

function layer(prefix: string): Record<string, Filled> {
  return {
    [`${prefix}.input_layernorm.weight`]: [1, HIDDEN],
    [`${prefix}.post_attention_layernorm.weight`]: [1, HIDDEN],
    [`${prefix}.self_attn.q_proj.weight`]: ["random", HIDDEN, HIDDEN],
    [`${prefix}.self_attn.q_proj.bias`]: ["random", HIDDEN],
    [`${prefix}.self_attn.k_proj.weight`]: ["random", KEY_VALUE, HIDDEN],
    [`${prefix}.self_attn.k_proj.bias`]: ["random", KEY_VALUE],
    [`${prefix}.self_attn.v_proj.weight`]: ["random", KEY_VALUE, HIDDEN],
    [`${prefix}.self_attn.v_proj.bias`]: ["random", KEY_VALUE],
    [`${prefix}.self_attn.o_proj.weight`]: ["random", HIDDEN, HIDDEN],
    [`${prefix}.mlp.gate_proj.weight`]: ["random", INNER, HIDDEN],
    [`${prefix}.mlp.up_proj.weight`]: ["random", INNER, HIDDEN],
    [`${prefix}.mlp.down_proj.weight`]: ["random", HIDDEN, INNER],
  };
}

/** A Qwen2 of two layers with a byte-level tokenizer, written as a Hugging Face folder. */
export function writeTinyQwen2(folder: string, options: TinyQwen2 = {}): void {
  const { randomHead = false, template = "config", norm = 1, seed = 1 } = options;
  const files = {
    "tokenizer.json": byteLevelTokenizer(["<|im_end|>"], ["<|endoftext|>", "<|im_start|>"]),
    "tokenizer_config.json": {
      tokenizer_class: "Qwen2Tokenizer",
      bos_token: null,
      eos_token: "<|endoftext|>",
      pad_token: "<|endoftext|>",
      model_max_length: 32768,
      clean_up_tokenization_spaces: false,
      ...(template === "config" && { chat_template: TINY_CHAT_TEMPLATE }),
    },
    ...(template === "jinja" && { "chat_template.jinja": TINY_CHAT_TEMPLATE }),
    "generation_config.json": { do_sample: false, eos_token_id: [0, 257], pad_token_id: 257 },
    "config.json": CONFIG,
    ...options.files,
  };
  const tensors: Record<string, Filled> = {
    "model.embed_tokens.weight": ["random", TINY_QWEN2_VOCABULARY, HIDDEN],
    ...layer("model.layers.0"),
    ...layer("model.layers.1"),
    "model.norm.weight": [norm, HIDDEN],
    "lm_head.weight": [randomHead ? "random" : 0, TINY_QWEN2_VOCABULARY, HIDDEN],
  };
  writeModel(folder, { files, tensors, seed });
}
