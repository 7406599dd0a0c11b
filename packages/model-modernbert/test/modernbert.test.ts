import { InvalidInputError } from "@blora/spec";
import {
  createTestContext,
  expectAllClose,
  type ReferenceModel,
  referenceInputs,
  refusalOf,
  toBatch,
  useCpuBackend,
  valuesOf,
} from "@blora/testing";
import { describe, expect, it } from "vitest";
import { type ModernBertOptions, modernBert } from "../src/index.ts";
import { readJson, readOptionSet } from "./fixtures.ts";

const { parseConfig, parameters } = modernBert();

function logits(model: ReferenceModel, ids: readonly number[], options?: ModernBertOptions, uniform = 0.6): number[] {
  const architecture = modernBert(options);
  const batch = toBatch({ input_ids: [ids], attention_mask: [ids.map(() => 1)], labels: [0] });
  const context = createTestContext("train", { uniform: (_, size) => Array.from({ length: size }, () => uniform) });
  return Array.from(valuesOf(architecture.forward(referenceInputs(architecture, model, batch, new Map(), context))));
}

describe("modernBert", () => {
  useCpuBackend();
  const ids = Array.from({ length: 12 }, (_, index) => 5 + index);

  it("a local layer sees no further than its radius", () => {
    const model = readOptionSet("local-and-global");
    // Two local layers of radius 3: the first token reads at most six tokens ahead.
    const json = {
      ...(model.json as object),
      num_hidden_layers: 2,
      layer_types: ["sliding_attention", "sliding_attention"],
    };
    const local = { ...model, json };
    const changed = (place: number) => ids.map((id, index) => (index === place ? 60 : id));
    expect(logits(local, changed(7))).toEqual(logits(local, ids));
    expect(logits(local, changed(6))).not.toEqual(logits(local, ids));
  });

  it("drops the state before the classifier in training only", () => {
    const model = readOptionSet("local-and-global");
    expect(logits(model, ids, { classifierDropout: 0.5 })).not.toEqual(logits(model, ids));
    expectAllClose(
      logits(model, ids, { classifierDropout: 0.5 }, 0.4),
      valuesOf(model.checkpoint.get("classifier.bias")!),
    );
  });

  it("refuses texts longer than its positions, and a head it has not", () => {
    const model = readOptionSet("local-and-global");
    expect(() =>
      logits(
        model,
        Array.from({ length: 41 }, () => 5),
      ),
    ).toThrow("at most 40 tokens (max_position_embeddings or sliding_window), found 41");
    expect(() => parameters(parseConfig(model.json), { kind: "language-model" })).toThrow(InvalidInputError);
  });

  it.each(["local-and-global", "mean-and-biases", "regression"])("has exactly the tensors of %s", (name) => {
    const { json, head, checkpoint } = readOptionSet(name);
    const specs = parameters(parseConfig(json), head);
    expect(Object.fromEntries(specs.map((spec) => [spec.name, [...spec.shape]]))).toEqual(
      Object.fromEntries([...checkpoint].map(([key, tensor]) => [key, tensor.shape])),
    );
  });
});

describe("parseConfig", () => {
  it("fills in Hugging Face's defaults", () => {
    expect(parseConfig({ model_type: "modernbert", num_hidden_layers: 4 })).toEqual({
      vocabularySize: 50368,
      hiddenSize: 768,
      heads: 12,
      intermediateSize: 1152,
      normEpsilon: 1e-5,
      normBias: false,
      attentionBias: false,
      feedForwardBias: false,
      classifierBias: false,
      maxPositions: 8192,
      layers: ["global", "local", "local", "global"],
      localRadius: 64,
      rotaryBase: { global: 160_000, local: 10_000 },
      pooling: "cls",
      initializerRange: 0.02,
    });
  });

  it("reads the names of rotary bases and layers before and after transformers 5", () => {
    const older = parseConfig(readJson("mean-and-biases/config.json"));
    const newer = parseConfig(readJson("local-and-global/config.json"));
    expect([older.rotaryBase, older.layers]).toEqual([
      { global: 160, local: 10 },
      ["global", "local", "global", "local"],
    ]);
    expect([newer.rotaryBase, newer.layers]).toEqual([
      { global: 160, local: 10 },
      ["global", "local", "local", "global"],
    ]);
  });

  it("reads a window to each side under its newer name, and null for the base of local layers as transformers 4", () => {
    const parse = (change: object) => parseConfig({ model_type: "modernbert", ...change });
    expect(parse({ sliding_window: 5 }).localRadius).toBe(5);
    expect(parse({ sliding_window: 5, local_attention: 128 }).localRadius).toBe(5);
    expect(parse({ local_attention: 7 }).localRadius).toBe(3);
    const bases = parse({ global_rope_theta: 500, local_rope_theta: null }).rotaryBase;
    expect(bases).toEqual({ global: 500, local: 500 });
  });

  it.each([
    [
      "settings of no kind of layer",
      { rope_parameters: { rope_theta: 500 } },
      'unknown key "rope_parameters.rope_theta"',
    ],
    ["another model type", { model_type: "bert" }, "model_type: "],
    ["scaled positions", { rope_scaling: { type: "linear", factor: 2 } }, "rope_scaling: "],
    ["another activation", { hidden_activation: "relu" }, "hidden_activation: "],
    ["too few kinds of layers", { layer_types: ["full_attention"] }, "layer_types: must be one for each layer"],
    ["heads of odd size", { hidden_size: 36 }, "an even multiple of num_attention_heads (12)"],
  ])("refuses %s", (_, change, expected) => {
    expect(refusalOf(() => parseConfig({ model_type: "modernbert", ...change }))).toContain(expected);
  });
});
