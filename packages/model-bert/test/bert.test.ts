import { type Context, InvalidInputError } from "@blora/spec";
import { ops } from "@blora/tensor";
import {
  createTestContext,
  expectAllClose,
  type ReferenceCase,
  type ReferenceModel,
  referenceInputs,
  toBatch,
  useCpuBackend,
  valuesOf,
} from "@blora/testing";
import { describe, expect, it } from "vitest";
import { type BertOptions, bert } from "../src/index.ts";
import { readOptionSet } from "./fixtures.ts";

function logits(model: ReferenceModel, batch: ReferenceCase, options?: BertOptions, context?: Context): number[] {
  const architecture = bert(options);
  return Array.from(
    valuesOf(architecture.forward(referenceInputs(architecture, model, toBatch(batch), new Map(), context))),
  );
}

describe("bert", () => {
  useCpuBackend();

  it("takes absent segments for segment 0", () => {
    const model = readOptionSet("pairs");
    const { token_type_ids, ...batch } = model.cases.short!;
    const zeros = { ...batch, token_type_ids: token_type_ids!.map((row) => row.map(() => 0)) };
    expect(logits(model, batch)).toEqual(logits(model, zeros));
    expect(logits(model, batch)).not.toEqual(logits(model, model.cases.short!));
  });

  it("has the one segment of a table of one for both texts of a pair", () => {
    const model = readOptionSet("pairs");
    const { token_type_ids: _, ...plain } = model.cases.short!;
    const name = "bert.embeddings.token_type_embeddings.weight";
    const row = ops.slice(model.checkpoint.get(name)!, [0, 0], [1, -1]);
    const json = { ...(model.json as object), type_vocab_size: 1 };
    const one = { ...model, json, checkpoint: new Map([...model.checkpoint, [name, row]]) };
    expect(logits(one, model.cases.short!)).toEqual(logits(model, plain));
  });

  it("gives finite logits for a row that is all padding", () => {
    const model = readOptionSet("pairs");
    const batch = model.cases.single!;
    const empty = { ...batch, attention_mask: batch.attention_mask.map((row) => row.map(() => 0)) };
    expect(logits(model, empty).every(Number.isFinite)).toBe(true);
  });

  it("drops pooled units in training only, and keeps their expectation", () => {
    const model = readOptionSet("pairs");
    const batch = model.cases.short!;
    const options = { classifierDropout: 0.5 };
    const plain = logits(model, batch);
    expect(logits(model, batch, options)).toEqual(plain);
    const keeping = (parity: number): number[] => {
      const uniform = (_: string, size: number) =>
        Array.from({ length: size }, (_, i) => (i % 2 === parity ? 0.51 : 0.49));
      return logits(model, batch, options, createTestContext("train", { uniform }));
    };
    // The classifier is linear, so a mask and its complement average to the logits without dropout.
    const [even, odd] = [keeping(0), keeping(1)];
    expect(even).not.toEqual(plain);
    expectAllClose(
      even.map((value, index) => (value + odd[index]!) / 2),
      plain,
      { absolute: 1e-5 },
    );
  });

  it("refuses texts longer than its positions, and a head it has not", () => {
    const model = readOptionSet("pairs");
    const row = Array.from({ length: 41 }, () => 1);
    expect(() => logits(model, { input_ids: [row], attention_mask: [row], labels: [0] })).toThrow(
      "at most 40 tokens (max_position_embeddings or sliding_window), found 41",
    );
    const { parseConfig, parameters } = bert();
    expect(() => parameters(parseConfig(model.json), { kind: "masked-language-model" })).toThrow(InvalidInputError);
  });

  it("refuses a dropout that drops everything", () => {
    expect(() => bert({ classifierDropout: 1 })).toThrow(InvalidInputError);
  });
});
