import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MaskingOptions, maskBatch, packSequences, predictionsPerRow } from "../scripts/pretraining-data.ts";

const special = { cls: 1, sep: 2, mask: 4 };
const options: MaskingOptions = { special, vocabularySize: 100, firstOrdinaryId: 10, seed: 7 };

describe("packing", () => {
  test("joins chunks by [SEP] into full rows and drops the rest", () => {
    const rows = [
      ...packSequences(
        [
          [10, 11],
          [12, 13, 14],
          [15, 16],
        ],
        6,
        special,
      ),
    ];
    expect(rows.map((row) => [...row])).toEqual([
      [1, 10, 11, 2, 12, 2],
      [1, 13, 14, 2, 15, 2],
    ]);
  });

  test("keeps every token of full rows in order", () => {
    const chunk = fc.array(fc.integer({ min: 10, max: 99 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(chunk), fc.integer({ min: 4, max: 12 }), (chunks, length) => {
        const packed = [...packSequences(chunks, length, special)];
        expect(packed.every((row) => row.length === length && row[0] === 1 && row[length - 1] === 2)).toBe(true);
        const tokens = packed.flatMap((row) => [...row].filter((id) => id >= 10));
        expect(tokens).toEqual(chunks.flat().slice(0, tokens.length));
      }),
    );
  });
});

describe("masking", () => {
  const row = (length: number, seed: number) =>
    Int32Array.from({ length }, (_, t) => (t === 0 ? 1 : t === length - 1 ? 2 : 10 + ((t * 7 + seed * 13) % 90)));
  const rows = Array.from({ length: 64 }, (_, index) => row(64, index));

  test("predicts the same number of tokens of every row, 15 % of them", () => {
    expect(predictionsPerRow(64)).toBe(9);
    const { positions } = maskBatch(rows, 0, options);
    expect(positions).toHaveLength(64 * 9);
    rows.forEach((_, b) => {
      expect(positions.filter((index) => Math.floor(index / 64) === b)).toHaveLength(9);
    });
  });

  test("leaves every other token alone and remembers those it hid", () => {
    const { inputIds, positions, targets } = maskBatch(rows, 3, options);
    const flat = rows.flatMap((ids) => [...ids]);
    expect([...targets]).toEqual(Array.from(positions, (index) => flat[index]));
    const chosen = new Set(positions);
    expect(chosen.size).toBe(positions.length);
    flat.forEach((id, index) => {
      if (!chosen.has(index)) expect(inputIds[index]).toBe(id);
      else expect(id).toBeGreaterThanOrEqual(10);
    });
  });

  test("hides 80 %, replaces 10 % by ordinary pieces and keeps 10 %", () => {
    const counts = { mask: 0, kept: 0, replaced: 0 };
    for (let step = 0; step < 20; step++) {
      const { inputIds, positions, targets } = maskBatch(rows, step, options);
      positions.forEach((index, k) => {
        const id = inputIds[index]!;
        if (id === special.mask) counts.mask++;
        else if (id === targets[k]) counts.kept++;
        else counts.replaced++;
        expect(id === special.mask || (id >= 10 && id < 100)).toBe(true);
      });
    }
    const total = 20 * 64 * 9;
    expect(counts.mask / total).toBeCloseTo(0.8, 1);
    expect(counts.replaced / total).toBeCloseTo(0.1, 1);
    expect(counts.kept / total).toBeCloseTo(0.1, 1);
  });

  test("is the same for the same step, and another for the next", () => {
    expect(maskBatch(rows, 5, options)).toEqual(maskBatch(rows, 5, options));
    expect(maskBatch(rows, 6, options).positions).not.toEqual(maskBatch(rows, 5, options).positions);
  });

  test("hides whole words where told what begins one", () => {
    const startsWord = (id: number) => id % 2 === 0;
    const words = Array.from({ length: 32 }, () =>
      Int32Array.from({ length: 64 }, (_, t) => (t === 0 ? 1 : t === 63 ? 2 : 10 + ((t + 1) % 2))),
    );
    const { positions } = maskBatch(words, 0, { ...options, startsWord });
    const chosen = new Set(positions);
    // Words are pairs (1, 2), (3, 4), …; of nine tokens a row, at most one word is cut.
    const cut = Array.from({ length: 32 }, (_, b) => {
      const starts = Array.from({ length: 31 }, (_, word) => b * 64 + 1 + 2 * word);
      return starts.filter((index) => chosen.has(index) !== chosen.has(index + 1)).length;
    });
    expect(cut).toEqual(new Array(32).fill(1));
  });

  test("refuses a row with too little to predict", () => {
    expect(() => maskBatch([Int32Array.of(1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)], 0, options)).toThrow(
      "holds 0 tokens to predict",
    );
  });
});
