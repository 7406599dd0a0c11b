import { type Context, InvalidInputError } from "@blora/spec";
import {
  createTestContext,
  expectAllClose,
  type ReferenceCase,
  type ReferenceModel,
  referenceInputs,
  refusalOf,
  toBatch,
  useCpuBackend,
  valuesOf,
} from "@blora/testing";
import { describe, expect, it } from "vitest";
import { type RobertaOptions, roberta } from "../src/index.ts";
import { readOptionSet } from "./fixtures.ts";

function logits(model: ReferenceModel, batch: ReferenceCase, options?: RobertaOptions, context?: Context): number[] {
  const architecture = roberta(options);
  return Array.from(
    valuesOf(architecture.forward(referenceInputs(architecture, model, toBatch(batch), new Map(), context))),
  );
}

describe("roberta", () => {
  useCpuBackend();
  const model = readOptionSet("pairs");
  const batch = model.cases.short!;

  it("has one segment: which text a token is of changes nothing", () => {
    const second = { ...batch, token_type_ids: batch.input_ids.map((row) => row.map(() => 1)) };
    expect(logits(model, second)).toEqual(logits(model, batch));
  });

  it("drops units before both maps of the classifier, in training only", () => {
    const plain = logits(model, batch);
    const kept = createTestContext("train", { uniform: (_, size) => Array.from({ length: size }, () => 0.6) });
    expect(logits(model, batch, { classifierDropout: 0.5 })).toEqual(plain);
    expect(logits(model, batch, {}, kept)).toEqual(plain);
    expect(logits(model, batch, { classifierDropout: 0.5 }, kept)).not.toEqual(plain);
    // Where every unit of the last map's input is dropped, its bias is left.
    const dropped = createTestContext("train", {
      uniform: (path, size) => Array.from({ length: size }, () => (path === "classifier/dropout/dense" ? 0.1 : 0.6)),
    });
    const bias = Array.from(valuesOf(model.checkpoint.get("classifier.out_proj.bias")!));
    expectAllClose(logits(model, batch, { classifierDropout: 0.5 }, dropped), [...bias, ...bias, ...bias]);
  });

  it("refuses texts longer than its positions, and a head it has not", () => {
    const row = Array.from({ length: 41 }, () => 5);
    expect(() => logits(model, { input_ids: [row], attention_mask: [row], labels: [0] })).toThrow(
      "at most 40 tokens (max_position_embeddings or sliding_window), found 41",
    );
    const { parseConfig, parameters } = roberta();
    expect(() => parameters(parseConfig(model.json), { kind: "masked-language-model" })).toThrow(InvalidInputError);
  });
});

describe("parseConfig", () => {
  const { parseConfig, maxLength } = roberta();

  it("fills in Hugging Face's defaults; texts have the positions beyond padding's", () => {
    const config = parseConfig({ model_type: "xlm-roberta", max_position_embeddings: 514, layer_norm_eps: 1e-5 });
    expect(config).toEqual({
      vocabularySize: 50265,
      hiddenSize: 768,
      layers: 12,
      heads: 12,
      intermediateSize: 3072,
      activation: "gelu",
      layerNormEpsilon: 1e-5,
      maxPositions: 512,
      tokenTypes: 2,
      padId: 1,
      initializerRange: 0.02,
    });
    expect(maxLength(config)).toBe(512);
  });

  it.each([
    ["another model type", { model_type: "bert" }, "model_type: "],
    ["a decoder", { is_decoder: true }, "is_decoder: "],
    ["positions that padding uses up", { max_position_embeddings: 2 }, "more than pad_token_id + 1 (2)"],
  ])("refuses %s", (_, change, expected) => {
    expect(refusalOf(() => parseConfig({ model_type: "roberta", ...change }))).toContain(expected);
  });

  it.each(["pairs", "regression"])("parameters are exactly the tensors of Hugging Face's checkpoint %s", (name) => {
    const { json, head, checkpoint } = readOptionSet(name);
    const specs = roberta().parameters(parseConfig(json), head);
    expect(Object.fromEntries(specs.map((spec) => [spec.name, [...spec.shape]]))).toEqual(
      Object.fromEntries([...checkpoint].map(([key, tensor]) => [key, tensor.shape])),
    );
  });
});
