import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { qwen2 } from "@blora/model-qwen2";
import type { Tokenizer } from "@blora/spec";
import { normalValues, sizeOf } from "@blora/tensor";
import { createTestTokenizer } from "@blora/testing";
import { writeSafetensors } from "@blora/weights";

/** Grouped queries, a tied head, and few positions. */
const CONFIG = {
  model_type: "qwen2",
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 1000,
  max_position_embeddings: 300,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  hidden_act: "silu",
  tie_word_embeddings: true,
};

/** A folder with a random Qwen2-like model. */
export function writeLanguageModel(): string {
  const folder = mkdtempSync(join(tmpdir(), "blora-language-model-"));
  const architecture = qwen2();
  const specs = architecture.parameters(architecture.parseConfig(CONFIG), { kind: "language-model" });
  const tensors = specs.map(({ name, shape, init }) => {
    const noise = normalValues({ seed: 4, step: 0, path: name }, sizeOf(shape), 0.3);
    return [name, { shape, values: init.kind === "ones" ? noise.map((value) => value + 1) : noise }] as const;
  });
  writeSafetensors(join(folder, "model.safetensors"), new Map(tensors));
  writeFileSync(join(folder, "config.json"), JSON.stringify(CONFIG));
  return folder;
}

/** Spells ids as text and text as ids: "word17" is 17. */
export const numberedWords: Tokenizer = {
  ...createTestTokenizer(),
  encode: (text) => (text.match(/\d+/g) ?? []).map(Number),
  decode: (ids) => ids.map((id) => ` word${id}`).join(""),
};
