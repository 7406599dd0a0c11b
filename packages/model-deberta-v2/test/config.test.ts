import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { refusalOf, useCpuBackend } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { debertaV2 } from "../src/index.ts";
import { readOptionSet } from "./fixtures.ts";

const { parseConfig } = debertaV2();
const small = {
  model_type: "deberta-v2",
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
      embeddingSize: 32,
      layers: 2,
      heads: 4,
      intermediateSize: 64,
      activation: "gelu",
      poolerActivation: "gelu",
      layerNormEpsilon: 1e-7,
      maxPositions: 512,
      tokenTypes: 0,
      absolutePositions: true,
      positionTerms: [],
      relative: undefined,
      convolution: undefined,
      initializerRange: 0.02,
    });
  });

  it("reads the options of V3 from text and from lists", () => {
    const v3 = { relative_attention: true, position_buckets: 256, norm_rel_ebd: "layer_norm", share_att_key: true };
    const text = parseConfig({ ...small, ...v3, pos_att_type: "p2c|c2p", max_relative_positions: -1 });
    expect(text.positionTerms).toEqual(["p2c", "c2p"]);
    expect(text.relative).toEqual({ maxDistance: 512, buckets: 256, shared: true, normalized: true });
    expect(parseConfig({ ...small, ...v3, pos_att_type: ["p2c", "c2p"] })).toEqual(text);
  });

  it("takes null for an option at its default", () => {
    expect(parseConfig({ ...small, pos_att_type: null, embedding_size: null })).toEqual(parseConfig(small));
  });

  it.each([
    ["a size that is absent", { hidden_size: undefined }, "hidden_size: ", "found nothing"],
    ["an infinite size", { hidden_size: Number.POSITIVE_INFINITY }, "hidden_size: ", "found Infinity"],
    ["a negative size", { vocab_size: -5 }, "vocab_size: ", "found -5"],
    ["a giant size", { num_hidden_layers: 1e9 }, "num_hidden_layers: ", "found 1000000000"],
    ["a fraction", { intermediate_size: 1.5 }, "intermediate_size: ", "found 1.5"],
    ["a NaN", { layer_norm_eps: Number.NaN }, "layer_norm_eps: ", "found NaN"],
    ["another activation", { hidden_act: "gelu_new" }, "hidden_act: ", 'found "gelu_new"'],
    ["another model type", { model_type: "bert" }, "model_type: ", 'found "bert"'],
    ["an unknown attention term", { pos_att_type: "c2p|p2p" }, "pos_att_type", 'found "c2p|p2p"'],
    ["heads that do not divide the size", { num_attention_heads: 5 }, "hidden_size: must be a multiple of", "found 32"],
    [
      "a pooler of another size",
      { pooler_hidden_size: 16 },
      "pooler_hidden_size: must be hidden_size (32)",
      "found 16",
    ],
    ["a padding id outside the vocabulary", { pad_token_id: 100 }, "pad_token_id: must be below", "found 100"],
    ["an even convolution", { conv_kernel_size: 4 }, "conv_kernel_size: must be 0 or odd", "found 4"],
    ["a grouped convolution", { conv_kernel_size: 3, conv_groups: 2 }, "conv_groups: ", "found 2"],
    ["untied embeddings", { tie_word_embeddings: false }, "tie_word_embeddings: ", "found false"],
  ])("refuses %s by its key and value", (_, change, expectation, found) => {
    const message = messageOf({ ...small, ...change });
    expect(message).toContain(expectation);
    expect(message).toContain(found);
  });

  it("lists every key at fault at once", () => {
    const message = messageOf({ ...small, vocab_size: 0, hidden_act: "mish" });
    expect(message).toContain("vocab_size: ");
    expect(message).toContain("hidden_act: ");
  });

  it.each([[null], [[]], ["deberta-v2"], [7]])("refuses %j for a document", (json) => {
    expect(messageOf(json)).toMatch(/^config.json of a deberta-v2 model: expected object/);
  });

  const data = process.env.BLORA_DATA ?? "";
  const base = join(data, "configs/deberta-v3-base/config.json");
  it.skipIf(data === "" || !existsSync(base))("reads microsoft/deberta-v3-base", () => {
    const config = parseConfig(JSON.parse(readFileSync(base, "utf8")));
    expect(config).toMatchObject({
      vocabularySize: 128100,
      hiddenSize: 768,
      layers: 12,
      heads: 12,
      absolutePositions: false,
    });
    expect(config.relative).toEqual({ maxDistance: 512, buckets: 256, shared: true, normalized: true });
    expect(debertaV2().maxLength(config)).toBe(512);
  });

  const official = join(data, "configs/deberta-v3-official-rtd");
  it.skipIf(data === "" || !existsSync(official))("reads Microsoft's own configurations of V3", () => {
    for (const [size, hidden, layers] of [
      ["xsmall", 384, 12],
      ["small", 768, 6],
      ["base", 768, 12],
      ["large", 1024, 24],
    ] as const) {
      const { discriminator } = JSON.parse(readFileSync(join(official, `rtd_${size}.json`), "utf8"));
      const config = parseConfig({ ...discriminator, model_type: "deberta-v2" });
      expect([config.hiddenSize, config.layers, config.relative?.buckets]).toEqual([hidden, layers, 256]);
    }
  });
});

describe("parameters", () => {
  useCpuBackend();

  it.each(["v3", "separate-keys", "absolute-positions", "v2-xlarge", "wide-convolution", "masked-language-model"])(
    "are exactly the tensors of Hugging Face's checkpoint for the option set %s",
    (name) => {
      const { json, head, checkpoint } = readOptionSet(name);
      const specs = debertaV2().parameters(parseConfig(json), head);
      expect(Object.fromEntries(specs.map((spec) => [spec.name, [...spec.shape]]))).toEqual(
        Object.fromEntries([...checkpoint].map(([key, tensor]) => [key, tensor.shape])),
      );
    },
  );

  it("leaves only the head to be initialized", () => {
    const { json, head } = readOptionSet("v3");
    const heads = debertaV2()
      .parameters(parseConfig(json), head)
      .filter(({ role }) => role === "head");
    expect(heads.map(({ name }) => name)).toEqual([
      "pooler.dense.weight",
      "pooler.dense.bias",
      "classifier.weight",
      "classifier.bias",
    ]);
  });

  it("match the sites they adapt", () => {
    const { json, head } = readOptionSet("v3-regression");
    const architecture = debertaV2();
    const config = parseConfig(json);
    const shapes = new Map(architecture.parameters(config, head).map(({ name, shape }) => [name, [...shape]]));
    const sites = architecture.sites(config);
    expect(sites.length).toBe(6 * 3);
    for (const { path, inFeatures, outFeatures } of sites)
      expect(shapes.get(`${path}.weight`)).toEqual([outFeatures, inFeatures]);
    expect(sites.slice(0, 6).map(({ role }) => role)).toEqual(architecture.defaultTargets);
  });
});

describe("aliases", () => {
  it("name the encoder without its prefix, older layer norms and Microsoft's head", () => {
    const { aliases } = debertaV2();
    expect(aliases!("deberta.encoder.LayerNorm.weight")).toEqual([
      "encoder.LayerNorm.weight",
      "deberta.encoder.LayerNorm.gamma",
      "encoder.LayerNorm.gamma",
    ]);
    expect(aliases!("cls.predictions.bias")).toEqual(["cls.predictions.decoder.bias", "lm_predictions.lm_head.bias"]);
    expect(aliases!("cls.predictions.transform.dense.weight")).toEqual(["lm_predictions.lm_head.dense.weight"]);
    expect(aliases!("pooler.dense.weight")).toEqual([]);
  });
});
