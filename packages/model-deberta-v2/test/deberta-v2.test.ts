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
import { type DebertaV2Options, debertaV2 } from "../src/index.ts";
import { readOptionSet } from "./fixtures.ts";

function logits(set: ReferenceModel, batch: ReferenceCase, options?: DebertaV2Options, context?: Context): number[] {
  const architecture = debertaV2(options);
  const inputs = referenceInputs(architecture, set, toBatch(batch), new Map(), context);
  return Array.from(valuesOf(architecture.forward(inputs)));
}

function padTo(rows: readonly (readonly number[])[], width: number, filler: number): number[][] {
  return rows.map((row) => Array.from({ length: width }, (_, index) => row[index] ?? filler));
}

describe("debertaV2", () => {
  useCpuBackend();

  it.each(["v3", "v2-xlarge"])(
    "gives the same logits however much padding follows, and whatever its ids (%s)",
    (name) => {
      const set = readOptionSet(name);
      const batch = set.cases.short!;
      const padded = {
        ...batch,
        input_ids: padTo(batch.input_ids, 14, 5),
        attention_mask: padTo(batch.attention_mask, 14, 0),
      };
      expectAllClose(logits(set, padded), logits(set, batch), { absolute: 1e-5 });
    },
  );

  it("gives finite logits for a row that is all padding", () => {
    const set = readOptionSet("v3");
    const batch = set.cases.single!;
    const empty = { ...batch, attention_mask: batch.attention_mask.map((row) => row.map(() => 0)) };
    expect(logits(set, empty).every(Number.isFinite)).toBe(true);
  });

  it("reads a text independently of the others in its batch", () => {
    const set = readOptionSet("v3");
    const batch = set.cases.short!;
    const C = 3;
    const whole = logits(set, batch);
    for (const row of batch.input_ids.keys()) {
      const alone = { ...batch, input_ids: [batch.input_ids[row]!], attention_mask: [batch.attention_mask[row]!] };
      expectAllClose(logits(set, alone), whole.slice(row * C, (row + 1) * C), { absolute: 1e-5 });
    }
  });

  it("takes absent segments for segment 0", () => {
    const set = readOptionSet("absolute-positions");
    const { token_type_ids, ...batch } = set.cases.short!;
    const zeros = { ...batch, token_type_ids: token_type_ids!.map((row) => row.map(() => 0)) };
    expect(logits(set, batch)).toEqual(logits(set, zeros));
    expect(logits(set, batch)).not.toEqual(logits(set, { ...batch, token_type_ids: token_type_ids! }));
  });

  it("has the one segment of a table of one for both texts of a pair", () => {
    const set = readOptionSet("absolute-positions");
    const { token_type_ids: _, ...plain } = set.cases.short!;
    const name = "deberta.embeddings.token_type_embeddings.weight";
    const row = ops.slice(set.checkpoint.get(name)!, [0, 0], [1, -1]);
    const json = { ...(set.json as object), type_vocab_size: 1 };
    const one = { ...set, json, checkpoint: new Map([...set.checkpoint, [name, row]]) };
    expect(logits(one, set.cases.short!)).toEqual(logits(set, plain));
  });

  it("drops pooled units in training only, and keeps their expectation", () => {
    const set = readOptionSet("v3");
    const batch = set.cases.short!;
    const options = { classifierDropout: 0.5 };
    const plain = logits(set, batch);
    expect(logits(set, batch, {}, createTestContext("train"))).toEqual(plain);
    expect(logits(set, batch, options)).toEqual(plain);

    const withMask = (keeps: (index: number) => boolean): number[] => {
      const uniform = (_: string, size: number) =>
        Array.from({ length: size }, (_, index) => (keeps(index) ? 0.51 : 0.49));
      return logits(set, batch, options, createTestContext("train", { uniform }));
    };
    const bias = Array.from(valuesOf(set.checkpoint.get("classifier.bias")!));
    expectAllClose(
      withMask(() => false),
      [...bias, ...bias, ...bias],
    );
    // The classifier is linear, so a mask and its complement average to the logits without dropout.
    const even = withMask((index) => index % 2 === 0);
    const odd = withMask((index) => index % 2 === 1);
    expectAllClose(
      even.map((value, index) => (value + odd[index]!) / 2),
      plain,
      { absolute: 1e-5 },
    );
    expect(even).not.toEqual(plain);
  });

  it("asks for the positions a language-model head predicts", () => {
    const set = readOptionSet("masked-language-model");
    const { positions: _, ...batch } = set.cases.short!;
    expect(() => logits(set, batch)).toThrow(InvalidInputError);
    expect(() => logits(set, batch)).toThrow("batch.positions");
  });

  it("refuses texts longer than the absolute positions of the checkpoint", () => {
    const set = readOptionSet("absolute-positions");
    const row = Array.from({ length: 65 }, () => 1);
    const batch = { input_ids: [row], attention_mask: [row], labels: [0] };
    expect(() => logits(set, batch)).toThrow("at most 64 tokens (max_position_embeddings or sliding_window), found 65");
  });

  it("refuses a dropout that drops everything", () => {
    expect(() => debertaV2({ classifierDropout: 1 })).toThrow(InvalidInputError);
  });

  it("remembers its options in its manifest", () => {
    expect(JSON.parse(JSON.stringify(debertaV2({ classifierDropout: 0.1 }).toJSON()))).toEqual({
      $plugin: "architecture/deberta-v2",
      options: { classifierDropout: 0.1 },
    });
  });
});
