import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Head } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { readReferenceModel, refusalOf, useCpuBackend } from "@blora/testing";
import { matchParameters } from "@blora/weights";
import { describe, expect, it } from "vitest";
import { phi } from "../src/index.ts";
import { optionSets } from "./fixtures.ts";

const HEAD = { kind: "language-model" } as const;
const { parseConfig, parameters, sites, defaultTargets, languageModel, aliases } = phi();
const small = {
  model_type: "phi",
  vocab_size: 100,
  hidden_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  intermediate_size: 64,
};

const messageOf = (json: unknown): string => refusalOf(() => parseConfig(json));

describe("parseConfig", () => {
  it("fills in Hugging Face's defaults", () => {
    expect(parseConfig(small)).toEqual({
      vocabularySize: 100,
      hiddenSize: 32,
      layers: 1,
      heads: 4,
      keyValueHeads: 4,
      headSize: 8,
      intermediateSize: 64,
      layerNormEpsilon: 1e-5,
      maxPositions: 2048,
      rotaryBase: 10_000,
      rotarySize: 4,
      initializerRange: 0.02,
    });
  });

  it("reads rotary options from either place", () => {
    const old = parseConfig({ ...small, rope_theta: 500, partial_rotary_factor: 1, rope_scaling: null });
    const rope_parameters = { rope_type: "default", rope_theta: 500, partial_rotary_factor: 1 };
    expect(parseConfig({ ...small, rope_parameters })).toEqual(old);
    const { rope_type: _, ...untyped } = rope_parameters;
    expect(parseConfig({ ...small, rope_parameters: untyped, rope_scaling: { type: "default" } })).toEqual(old);
    expect(old).toMatchObject({ rotaryBase: 500, rotarySize: 8 });
  });

  it.each([
    ["a negative size", { vocab_size: -5 }, "vocab_size: ", "found -5"],
    ["an infinite size", { hidden_size: Number.POSITIVE_INFINITY }, "hidden_size: ", "found Infinity"],
    ["another activation", { hidden_act: "gelu" }, "hidden_act: ", 'found "gelu"'],
    ["a checkpoint from before its conversion", { model_type: "phi-msft" }, "model_type: ", 'found "phi-msft"'],
    ["tokens that see those after them", { is_causal: false }, "is_causal: ", "found false"],
    ["norms of queries and keys", { qk_layernorm: true }, "qk_layernorm: ", "found true"],
    ["tied embeddings", { tie_word_embeddings: true }, "tie_word_embeddings: ", "found true"],
    ["heads that do not divide the size", { num_attention_heads: 5 }, "hidden_size: must be a multiple", "found 32"],
    ["groups that do not divide the heads", { num_key_value_heads: 3 }, "num_key_value_heads: must be", "found 3"],
    ["an odd part", { partial_rotary_factor: 0.4 }, "partial_rotary_factor: must be", "found 0.4"],
    [
      "an odd part in its newer place",
      { rope_parameters: { partial_rotary_factor: 0.4 } },
      "rope_parameters: must be such that it turns an even number",
      'found {"partial_rotary_factor":0.4}',
    ],
    ["scaled rotary embeddings", { rope_scaling: { type: "linear" } }, "rope_scaling.type: ", 'found "linear"'],
  ])("refuses %s by its key and value", (_, change, expectation, found) => {
    const message = messageOf({ ...small, ...change });
    expect(message).toContain(expectation);
    expect(message).toContain(found);
  });
});

describe("parameters", () => {
  useCpuBackend();

  it.each(optionSets)("are exactly the tensors of Hugging Face's checkpoint in %s", (folder) => {
    const { json, stored } = readReferenceModel(folder);
    expect(
      Object.fromEntries(parameters(parseConfig(json), HEAD).map(({ name, shape }) => [name, [...shape]])),
    ).toEqual(Object.fromEntries([...stored].map(([name, { shape }]) => [name, [...shape]])));
  });

  const published = join(process.env.BLORA_DATA ?? "", "configs/phi-2");
  it.skipIf(!process.env.BLORA_DATA || !existsSync(published))("are exactly the tensors of microsoft/phi-2", () => {
    const read = (name: string) => JSON.parse(readFileSync(join(published, name), "utf8"));
    const config = parseConfig(read("config.json"));
    const index = read("model.safetensors.index.json");
    const specs = parameters(config, HEAD);
    expect(specs.map(({ name }) => name).sort()).toEqual(Object.keys(index.weight_map).sort());
    const total = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    expect(2 * total).toBe(index.metadata.total_size);
    expect(config.rotarySize).toBe(32);
    expect(languageModel!.cache(config)).toEqual({ layers: 32, heads: 32, headSize: 80 });
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

describe("a checkpoint from before the conversion", () => {
  it("is read by its names, and refused by that of the fused tensor", () => {
    const specs = parameters(parseConfig(small), HEAD);
    const older = new Map(
      specs.flatMap(({ name, shape }) =>
        /\.[qkv]_proj\./.test(name)
          ? []
          : [
              [
                aliases!(name)[0]!,
                { name: aliases!(name)[0]!, shape, type: "F16" as const, source: {} as never },
              ] as const,
            ],
      ),
    );
    expect([...older.keys()]).toContain("transformer.h.0.mixer.out_proj.weight");
    for (const kind of ["weight", "bias"]) {
      const name = `transformer.h.0.mixer.Wqkv.${kind}`;
      older.set(name, { name, shape: [96, 32], type: "F16", source: {} as never });
    }
    const match = () =>
      matchParameters(specs, { folder: "old", tensors: older, names: [...older.keys()].sort() }, { aliases: aliases! });
    expect(match).toThrow(/lacks 6 tensors of the model: model\.layers\.0\.self_attn\.q_proj\.weight/);
    expect(match).toThrow(/it has 2 the model does not: transformer\.h\.0\.mixer\.Wqkv\.bias, .*Wqkv\.weight/);
  });
});
