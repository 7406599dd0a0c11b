import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Head } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { readReferenceModel, refusalOf, useCpuBackend } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { qwen2 } from "../src/index.ts";
import { optionSets } from "./fixtures.ts";

const HEAD = { kind: "language-model" } as const;
const { parseConfig, parameters, sites, defaultTargets, languageModel, maxLength } = qwen2();
const small = {
  model_type: "qwen2",
  vocab_size: 100,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 64,
};

const messageOf = (json: unknown): string => refusalOf(() => parseConfig(json));

describe("parseConfig", () => {
  it("fills in Hugging Face's defaults", () => {
    expect(parseConfig(small)).toEqual({
      vocabularySize: 100,
      hiddenSize: 32,
      layers: 2,
      heads: 4,
      keyValueHeads: 4,
      headSize: 8,
      intermediateSize: 64,
      normEpsilon: 1e-6,
      maxPositions: 32768,
      rotaryBase: 10_000,
      attentionBias: ["query", "key", "value"],
      queryKeyNorms: false,
      tiedEmbeddings: false,
      initializerRange: 0.02,
    });
  });

  it("reads the rotary base from either place, and null for an option at its default", () => {
    expect(parseConfig({ ...small, rope_theta: 1e6, rope_scaling: null }).rotaryBase).toBe(1e6);
    const rope_parameters = { rope_type: "default", rope_theta: 5e5 };
    expect(parseConfig({ ...small, rope_parameters, sliding_window: null }).rotaryBase).toBe(5e5);
    expect(parseConfig({ ...small, rope_parameters: { rope_theta: 5e5 } }).rotaryBase).toBe(5e5);
    expect(parseConfig({ ...small, rope_parameters: { rope_type: "default" }, rope_theta: 1e6 }).rotaryBase).toBe(1e6);
    for (const rope_scaling of [{ type: "default" }, { rope_type: "default", type: "default" }])
      expect(parseConfig({ ...small, rope_theta: 1e6, rope_scaling }).rotaryBase).toBe(1e6);
  });

  it("gives Qwen3 its norms, its own head size and no bias", () => {
    const config = parseConfig({ ...small, model_type: "qwen3", head_dim: 16, num_key_value_heads: 2 });
    expect(config).toMatchObject({ queryKeyNorms: true, attentionBias: [], headSize: 16, keyValueHeads: 2 });
    expect(sites(config)[0]).toMatchObject({ inFeatures: 32, outFeatures: 64 });
    const biased = parseConfig({ ...small, model_type: "qwen3", attention_bias: true });
    expect(biased).toMatchObject({ attentionBias: ["query", "key", "value", "attention-output"], headSize: 128 });
  });

  it.each([
    ["a size that is absent", { hidden_size: undefined }, "hidden_size: ", "found nothing"],
    ["a giant size", { num_hidden_layers: 1e9 }, "num_hidden_layers: ", "found 1000000000"],
    ["a NaN", { rms_norm_eps: Number.NaN }, "rms_norm_eps: ", "found NaN"],
    ["another activation", { hidden_act: "gelu" }, "hidden_act: ", 'found "gelu"'],
    ["another model type", { model_type: "qwen2_moe" }, "model_type: ", 'found "qwen2_moe"'],
    ["heads that do not divide the size", { num_attention_heads: 5 }, "hidden_size: must be a multiple", "found 32"],
    ["an odd head", { head_dim: 7 }, "head_dim: must be even", "found 7"],
    ["groups that do not divide the heads", { num_key_value_heads: 3 }, "num_key_value_heads: must be", "found 3"],
    ["a sliding window", { use_sliding_window: true }, "use_sliding_window: ", "found true"],
    ["tokens that see those after them", { is_causal: false }, "is_causal: ", "found false"],
    ["a layer with a sliding window", { layer_types: ["sliding_attention"] }, "layer_types.0: ", '"sliding_attention"'],
    ["scaled rotary embeddings", { rope_scaling: { type: "yarn" } }, "rope_scaling.type: ", 'found "yarn"'],
    [
      "a scaling without a name",
      { rope_scaling: { factor: 4 } },
      'unknown key "rope_scaling.factor" (expected rope_type, type, rope_theta)',
      "factor",
    ],
    [
      "scaled rotary parameters",
      { rope_parameters: { rope_type: "yarn", rope_theta: 1e6 } },
      "rope_parameters.rope_type: ",
      'found "yarn"',
    ],
  ])("refuses %s by its key and value", (_, change, expectation, found) => {
    const message = messageOf({ ...small, ...change });
    expect(message).toContain(expectation);
    expect(message).toContain(found);
  });

  it.each([[null], [[]], ["qwen2"], [7]])("refuses %j for a document", (json) => {
    expect(messageOf(json)).toMatch(/^config.json of a qwen2 or qwen3 model: /);
  });

  const published = join(process.env.BLORA_DATA ?? "", "configs/Qwen2.5-0.5B/config.json");
  it.skipIf(!process.env.BLORA_DATA || !existsSync(published))("reads Qwen/Qwen2.5-0.5B", () => {
    const config = parseConfig(JSON.parse(readFileSync(published, "utf8")));
    expect(languageModel!.cache(config)).toEqual({ layers: 24, heads: 2, headSize: 64 });
    expect(maxLength(config)).toBe(32768);
    const total = parameters(config, HEAD).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    // "0.49B parameters" of its model card, with the tied embedding counted once.
    expect(total).toBe(494_032_768);
    expect(languageModel!.unembedding(config)).toEqual({ weight: "model.embed_tokens.weight" });
  });
});

describe("parameters", () => {
  useCpuBackend();

  it.each(optionSets)("are exactly the tensors of Hugging Face's checkpoint in %s", (folder) => {
    const { json, stored } = readReferenceModel(folder);
    const specs = parameters(parseConfig(json), HEAD);
    expect(Object.fromEntries(specs.map(({ name, shape }) => [name, [...shape]]))).toEqual(
      Object.fromEntries([...stored].map(([name, { shape }]) => [name, [...shape]])),
    );
    expect(specs.every(({ role }) => role === "base")).toBe(true);
  });

  it("belong to a head of a decoder", () => {
    const added = (head: Head) =>
      parameters(parseConfig(small), head).flatMap(({ name, shape, role }) => (role === "head" ? [[name, shape]] : []));
    expect(added({ kind: "regression" })).toEqual([["score.weight", [1, 32]]]);
    expect(added({ kind: "classification", labels: ["a", "b", "c"], several: true })).toEqual([
      ["score.weight", [3, 32]],
    ]);
    expect(added({ kind: "token-classification", labels: ["O", "B"] })).toEqual([
      ["score.weight", [2, 32]],
      ["score.bias", [2]],
    ]);
    expect(() => parameters(parseConfig(small), { kind: "masked-language-model" })).toThrow(
      /expected a language-model, classification, regression or token-classification head, found masked-language-model/,
    );
    expect([...new Set(sites(parseConfig(small)).map(({ role }) => role))]).toEqual(defaultTargets);
  });
});
