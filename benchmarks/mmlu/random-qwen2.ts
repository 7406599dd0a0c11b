/**
 * Writes a Qwen2 checkpoint with random weights: 101 million parameters in 12
 * layers (H 768, 12 heads, 2 of keys and values, F 3072), and Qwen2.5's whole
 * vocabulary of 151,936 on top, tied (another 117 million).
 *
 *   npx tsx benchmarks/mmlu/random-qwen2.ts --tokenizer <Qwen2.5 tokenizer folder> --out <folder>
 */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { qwen2 } from "@blora/model-qwen2";
import { normalValues, sizeOf } from "@blora/tensor";
import { writeSafetensors } from "@blora/weights";

const { values } = parseArgs({ options: { tokenizer: { type: "string" }, out: { type: "string" } } });
const { tokenizer, out } = values;
if (tokenizer === undefined || out === undefined) throw new Error("expected --tokenizer <folder> --out <folder>");

const config = {
  architectures: ["Qwen2ForCausalLM"],
  model_type: "qwen2",
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  num_key_value_heads: 2,
  vocab_size: 151_936,
  max_position_embeddings: 32_768,
  rope_theta: 1_000_000,
  rms_norm_eps: 1e-6,
  hidden_act: "silu",
  initializer_range: 0.02,
  tie_word_embeddings: true,
  use_sliding_window: false,
  torch_dtype: "float32",
  bos_token_id: 151_643,
  eos_token_id: 151_643,
};

const architecture = qwen2();
const specs = architecture.parameters(architecture.parseConfig(config), { kind: "language-model" });
const tensors = specs.map(({ name, shape, init }) => {
  const drawn = new Float32Array(sizeOf(shape));
  if (init.kind === "normal") drawNormal(drawn, name, init.standardDeviation);
  else drawn.fill(init.kind === "ones" ? 1 : 0);
  return [name, { shape, values: drawn }] as const;
});

mkdirSync(out, { recursive: true });
writeFileSync(join(out, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
writeSafetensors(join(out, "model.safetensors"), new Map(tensors));
const files = readdirSync(tokenizer).filter((name) => /^(vocab\.json|merges\.txt|tokenizer.*\.json)$/.test(name));
for (const name of files) copyFileSync(join(tokenizer, name), join(out, name));
const count = (part: typeof specs): number => part.reduce((total, { shape }) => total + sizeOf(shape), 0);
const vocabulary = count(specs.filter(({ name }) => name.includes("embed_tokens")));
console.log(`${count(specs) - vocabulary} parameters, and ${vocabulary} of the vocabulary, in ${out}`);

/** A million at a time: drawing takes many times the memory of what is drawn. */
function drawNormal(into: Float32Array, name: string, standardDeviation: number): void {
  const piece = 2 ** 20;
  for (let start = 0; start < into.length; start += piece) {
    const address = { seed: 17, step: start / piece, path: name };
    into.set(normalValues(address, Math.min(piece, into.length - start), standardDeviation), start);
  }
}
