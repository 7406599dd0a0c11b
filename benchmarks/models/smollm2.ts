import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type WritableTensor, writeSafetensors } from "@blora/weights";
import { type Gguf, type GgufValue, readGguf } from "./gguf.ts";

/** The tensors of a block in the file and in a checkpoint of Hugging Face. */
const BLOCK_TENSORS = {
  "attn_norm.weight": "input_layernorm.weight",
  "attn_q.weight": "self_attn.q_proj.weight",
  "attn_k.weight": "self_attn.k_proj.weight",
  "attn_v.weight": "self_attn.v_proj.weight",
  "attn_output.weight": "self_attn.o_proj.weight",
  "ffn_norm.weight": "post_attention_layernorm.weight",
  "ffn_gate.weight": "mlp.gate_proj.weight",
  "ffn_up.weight": "mlp.up_proj.weight",
  "ffn_down.weight": "mlp.down_proj.weight",
} as const;

/** Writes a Llama model of a GGUF file, with tied output layer and a byte-level tokenizer, as a checkpoint in float32. */
export async function writeLlama(ggufFile: string, out: string): Promise<void> {
  const gguf = readGguf(await readFile(ggufFile));
  await mkdir(out, { recursive: true });
  const json = (name: string, content: unknown) => writeFile(join(out, name), `${JSON.stringify(content, null, 2)}\n`);
  await json("config.json", configOf(gguf));
  await json("tokenizer.json", tokenizerOf(gguf));
  await json("tokenizer_config.json", tokenizerConfigOf(gguf));
  // Last: a folder with weights is whole.
  writeSafetensors(join(out, "model.safetensors"), tensorsOf(gguf));
}

function configOf(gguf: Gguf) {
  const [count, id] = [numberOf(gguf, "llama"), numberOf(gguf, "tokenizer.ggml")];
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_size: count("embedding_length"),
    intermediate_size: count("feed_forward_length"),
    num_hidden_layers: count("block_count"),
    num_attention_heads: count("attention.head_count"),
    num_key_value_heads: count("attention.head_count_kv"),
    vocab_size: count("vocab_size"),
    max_position_embeddings: count("context_length"),
    rope_theta: count("rope.freq_base"),
    // Stored as float32, whose shortest decimal is what was meant.
    rms_norm_eps: Number(count("attention.layer_norm_rms_epsilon").toPrecision(6)),
    hidden_act: "silu",
    tie_word_embeddings: true,
    torch_dtype: "float32",
    bos_token_id: id("bos_token_id"),
    eos_token_id: id("eos_token_id"),
    pad_token_id: id("padding_token_id"),
  };
}

function tensorsOf(gguf: Gguf): Map<string, WritableTensor> {
  const out = new Map<string, WritableTensor>();
  const count = numberOf(gguf, "llama");
  const heads = { q: count("attention.head_count"), k: count("attention.head_count_kv") };
  const take = (name: string) => {
    const tensor = gguf.tensors.get(name);
    if (tensor === undefined) throw new Error(`expected a tensor called ${name}, found none`);
    return { shape: tensor.shape, values: tensor.values() };
  };
  out.set("model.embed_tokens.weight", take("token_embd.weight"));
  out.set("model.norm.weight", take("output_norm.weight"));
  for (let layer = 0; layer < count("block_count"); layer++) {
    for (const [name, renamed] of Object.entries(BLOCK_TENSORS)) {
      const { shape, values } = take(`blk.${layer}.${name}`);
      const rotated = name === "attn_q.weight" ? heads.q : name === "attn_k.weight" ? heads.k : undefined;
      out.set(`model.layers.${layer}.${renamed}`, {
        shape,
        values: rotated === undefined ? values : halvesOfHeads(values, shape[0]!, rotated),
      });
    }
  }
  return out;
}

/** Rows of queries or keys, stored with the two of a rotated pair side by side, in the order that rotates halves of a head. */
function halvesOfHeads(values: Float32Array, rows: number, heads: number): Float32Array {
  const [columns, half] = [values.length / rows, rows / heads / 2];
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const [head, within] = [Math.floor(row / (2 * half)), row % (2 * half)];
    const from = head * 2 * half + (within < half ? 2 * within : 2 * (within - half) + 1);
    out.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return out;
}

/** The number of a control token in `tokenizer.ggml.token_type`. */
const CONTROL = 3;

/** `tokenizer.json`: byte-level pairs after single digits, as llama.cpp's pre-tokenizer `smollm` has it. */
function tokenizerOf(gguf: Gguf) {
  if (gguf.metadata.get("tokenizer.ggml.pre") !== "smollm") throw new Error("expected the pre-tokenizer smollm");
  const tokens = listOf(gguf, "tokenizer.ggml.tokens") as readonly string[];
  const types = listOf(gguf, "tokenizer.ggml.token_type");
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) => (types[id] === CONTROL ? [{ id, content, ...plain }] : [])),
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: listOf(gguf, "tokenizer.ggml.merges"),
    },
  };
}

function tokenizerConfigOf(gguf: Gguf) {
  const tokens = listOf(gguf, "tokenizer.ggml.tokens");
  const id = numberOf(gguf, "tokenizer.ggml");
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    bos_token: tokens[id("bos_token_id")],
    eos_token: tokens[id("eos_token_id")],
    pad_token: tokens[id("padding_token_id")],
    unk_token: tokens[id("unknown_token_id")],
    model_max_length: numberOf(gguf, "llama")("context_length"),
    chat_template: gguf.metadata.get("tokenizer.chat_template"),
  };
}

function numberOf({ metadata }: Gguf, prefix: string): (name: string) => number {
  return (name) => {
    const value = metadata.get(`${prefix}.${name}`);
    if (typeof value === "number") return value;
    throw new Error(`expected a number called ${prefix}.${name}, found ${String(value)}`);
  };
}

function listOf({ metadata }: Gguf, name: string): readonly GgufValue[] {
  const value = metadata.get(name);
  if (Array.isArray(value)) return value;
  throw new Error(`expected a list called ${name}, found ${typeof value}`);
}
