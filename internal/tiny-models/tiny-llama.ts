import { byteFallbackTokenizer } from "./byte-fallback.ts";
import { byteLevelTokenizer } from "./byte-level.ts";
import { type Filled, type TinyOptions, writeModel } from "./write-model.ts";

const HIDDEN = 24;
const INNER = 36;
const HEADS = 6;
const KEY_VALUE = 8;

/** Llama 2's bytes of last resort, or Llama 3's bytes of everything. */
export type TinyLlamaKind = "llama-2" | "llama-3" | "mistral";

const HEADERS =
  "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content'] | trim + '<|eot_id|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";
const INSTRUCTIONS =
  "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}" +
  "{% else %}{{ ' ' + m['content'] + ' ' + eos_token }}{% endif %}{% endfor %}";

interface Kind {
  readonly vocabulary: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tokenizer: unknown;
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  readonly stopIds: readonly number[];
}

const SENTENCEPIECE = {
  vocabulary: 328,
  tokenizerConfig: {
    tokenizer_class: "LlamaTokenizer",
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "<unk>",
    pad_token: null,
    chat_template: INSTRUCTIONS,
  },
  stopIds: [2],
};

const KINDS: Readonly<Record<TinyLlamaKind, Kind>> = {
  "llama-2": {
    ...SENTENCEPIECE,
    tokenizer: byteFallbackTokenizer("every"),
    config: { model_type: "llama", architectures: ["LlamaForCausalLM"], rope_theta: 1e4, rms_norm_eps: 1e-5 },
  },
  "llama-3": {
    vocabulary: 264,
    tokenizer: byteLevelTokenizer(
      [],
      ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    ),
    tokenizerConfig: {
      tokenizer_class: "PreTrainedTokenizerFast",
      bos_token: "<|begin_of_text|>",
      eos_token: "<|eot_id|>",
      chat_template: HEADERS,
    },
    stopIds: [257, 260],
    config: {
      model_type: "llama",
      architectures: ["LlamaForCausalLM"],
      rms_norm_eps: 1e-5,
      rope_theta: 5e5,
      rope_scaling: {
        rope_type: "llama3",
        factor: 32,
        high_freq_factor: 4,
        low_freq_factor: 1,
        original_max_position_embeddings: 8192,
      },
      tie_word_embeddings: true,
      bos_token_id: 256,
      eos_token_id: [257, 260],
    },
  },
  mistral: {
    ...SENTENCEPIECE,
    tokenizer: byteFallbackTokenizer("first"),
    config: {
      model_type: "mistral",
      architectures: ["MistralForCausalLM"],
      rms_norm_eps: 1e-5,
      rope_theta: 1e4,
      sliding_window: 4096,
    },
  },
};

const configOf = ({ vocabulary, config }: Kind): unknown => ({
  hidden_act: "silu",
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  num_hidden_layers: 2,
  num_attention_heads: HEADS,
  num_key_value_heads: (KEY_VALUE * HEADS) / HIDDEN,
  max_position_embeddings: 32768,
  tie_word_embeddings: false,
  vocab_size: vocabulary,
  attention_dropout: 0,
  initializer_range: 0.02,
  bos_token_id: 1,
  eos_token_id: 2,
  torch_dtype: "float32",
  use_cache: true,
  ...config,
});

const layer = (prefix: string): Record<string, Filled> => ({
  [`${prefix}.input_layernorm.weight`]: [1, HIDDEN],
  [`${prefix}.post_attention_layernorm.weight`]: [1, HIDDEN],
  [`${prefix}.self_attn.q_proj.weight`]: ["random", HIDDEN, HIDDEN],
  [`${prefix}.self_attn.k_proj.weight`]: ["random", KEY_VALUE, HIDDEN],
  [`${prefix}.self_attn.v_proj.weight`]: ["random", KEY_VALUE, HIDDEN],
  [`${prefix}.self_attn.o_proj.weight`]: ["random", HIDDEN, HIDDEN],
  [`${prefix}.mlp.gate_proj.weight`]: ["random", INNER, HIDDEN],
  [`${prefix}.mlp.up_proj.weight`]: ["random", INNER, HIDDEN],
  [`${prefix}.mlp.down_proj.weight`]: ["random", HIDDEN, INNER],
});

/** A Llama or Mistral of two layers with the tokenizer of its kind, written as a Hugging Face folder. */
export function writeTinyLlama(folder: string, options: TinyOptions & { readonly kind?: TinyLlamaKind } = {}): void {
  const kind = KINDS[options.kind ?? "llama-2"];
  const files = {
    "tokenizer.json": kind.tokenizer,
    "tokenizer_config.json": { ...kind.tokenizerConfig, model_max_length: 32768, clean_up_tokenization_spaces: false },
    "generation_config.json": { do_sample: true, temperature: 0.6, eos_token_id: kind.stopIds },
    "config.json": configOf(kind),
    ...options.files,
  };
  const tensors: Record<string, Filled> = {
    "model.embed_tokens.weight": ["random", kind.vocabulary, HIDDEN],
    ...layer("model.layers.0"),
    ...layer("model.layers.1"),
    "model.norm.weight": [1, HIDDEN],
    ...(kind.config.tie_word_embeddings !== true && { "lm_head.weight": ["random", kind.vocabulary, HIDDEN] as const }),
    ...options.tensors,
  };
  writeModel(folder, { files, tensors, seed: options.seed ?? 1 });
}
