import { refusalOf, useCpuBackend } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { bert } from "../src/index.ts";
import { readOptionSet } from "./fixtures.ts";

const { parseConfig, parameters, aliases } = bert();

const messageOf = (json: unknown): string => refusalOf(() => parseConfig(json));

describe("parseConfig", () => {
  it("fills in Hugging Face's defaults, for null too", () => {
    const config = {
      vocabularySize: 30522,
      hiddenSize: 768,
      layers: 12,
      heads: 12,
      intermediateSize: 3072,
      activation: "gelu",
      layerNormEpsilon: 1e-12,
      maxPositions: 512,
      tokenTypes: 2,
      initializerRange: 0.02,
    };
    expect(parseConfig({ model_type: "bert" })).toEqual(config);
    expect(parseConfig({ model_type: "bert", hidden_act: null, position_embedding_type: null })).toEqual(config);
  });

  it.each([
    ["an infinite size", { hidden_size: Number.POSITIVE_INFINITY }, "hidden_size: ", "found Infinity"],
    ["another model type", { model_type: "roberta" }, "model_type: ", 'found "roberta"'],
    ["relative positions", { position_embedding_type: "relative_key" }, "position_embedding_type: ", "relative_key"],
    ["a decoder", { is_decoder: true }, "is_decoder: ", "found true"],
    [
      "heads that do not divide the size",
      { num_attention_heads: 7 },
      "a multiple of num_attention_heads (7)",
      "nothing",
    ],
    ["no segments", { type_vocab_size: 0 }, "type_vocab_size: ", "found 0"],
  ])("refuses %s by its key and value", (_, change, expectation, found) => {
    const message = messageOf({ model_type: "bert", ...change });
    expect(message).toContain(expectation);
    expect(message).toContain(found);
  });

  it.each([[null], [[]], ["bert"], [7]])("refuses %j for a document", (json) => {
    expect(messageOf(json)).toMatch(/^config.json of a bert model: expected object/);
  });
});

describe("parameters", () => {
  useCpuBackend();

  it.each(["pairs", "regression"])("are exactly the tensors of Hugging Face's checkpoint %s", (name) => {
    const { json, head, checkpoint } = readOptionSet(name);
    const specs = parameters(parseConfig(json), head);
    expect(Object.fromEntries(specs.map(({ name, shape }) => [name, [...shape]]))).toEqual(
      Object.fromEntries([...checkpoint].map(([key, tensor]) => [key, tensor.shape])),
    );
  });

  it("leave the pooler and the classifier to be trained", () => {
    const { json, head } = readOptionSet("pairs");
    const heads = parameters(parseConfig(json), head).filter(({ role }) => role === "head");
    expect(heads.map(({ name }) => name)).toEqual([
      "bert.pooler.dense.weight",
      "bert.pooler.dense.bias",
      "classifier.weight",
      "classifier.bias",
    ]);
  });
});

describe("aliases", () => {
  it("name the encoder without its prefix, and older layer norms", () => {
    expect(aliases!("bert.embeddings.LayerNorm.weight")).toEqual([
      "embeddings.LayerNorm.weight",
      "bert.embeddings.LayerNorm.gamma",
      "embeddings.LayerNorm.gamma",
    ]);
    expect(aliases!("bert.pooler.dense.bias")).toEqual(["pooler.dense.bias"]);
    expect(aliases!("classifier.bias")).toEqual([]);
  });
});
