import fc from "fast-check";
import { expect, test } from "vitest";
import { packRows } from "../src/data/packing.ts";

const MAX = 32;

/** Texts whose ids tell them apart, with every second token a target. */
const texts = fc.array(fc.integer({ min: 1, max: MAX }), { minLength: 1, maxLength: 60 }).map((lengths) =>
  lengths.map((length, text) => ({
    inputIds: Array.from({ length }, (_, index) => 100 * text + index),
    tokenTypeIds: Array.from({ length }, () => text % 2),
    targets: Array.from({ length }, (_, index) => index).filter((index) => index % 2 === 1),
    truncated: false,
    label: undefined,
  })),
);

test("every text is in one row, whole, with its targets", () => {
  fc.assert(
    fc.property(texts, (rows) => {
      const unpacked = packRows(rows, MAX).flatMap(({ inputIds, tokenTypeIds, targets = [], starts = [] }) =>
        starts.map((start, text) => {
          const end = starts[text + 1] ?? inputIds.length;
          return {
            inputIds: inputIds.slice(start, end),
            tokenTypeIds: tokenTypeIds.slice(start, end),
            targets: targets.filter((target) => target >= start && target < end).map((target) => target - start),
          };
        }),
      );
      const byText = unpacked.sort((a, b) => a.inputIds[0]! - b.inputIds[0]!);
      expect(byText).toEqual(rows.map(({ inputIds, tokenTypeIds, targets }) => ({ inputIds, tokenTypeIds, targets })));
    }),
  );
});

test("no row is over the longest length, and no two rows would fit into one", () => {
  fc.assert(
    fc.property(texts, (rows) => {
      const sizes = packRows(rows, MAX).map(({ inputIds }) => inputIds.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX);
      const [smallest, second] = sizes.sort((a, b) => a - b);
      if (second !== undefined) expect(smallest! + second).toBeGreaterThan(MAX);
    }),
  );
});

test("the longest text goes first, each to where least room is left", () => {
  const row = (id: number, length: number) => ({
    inputIds: new Array<number>(length).fill(id),
    tokenTypeIds: new Array<number>(length).fill(0),
    targets: [],
    truncated: false,
    label: undefined,
  });
  const packed = packRows([row(1, 3), row(2, 6), row(3, 7), row(4, 4)], 10);
  expect(packed.map(({ inputIds, starts }) => [inputIds[0], starts])).toEqual([
    [3, [0, 7]],
    [2, [0, 6]],
  ]);
  expect(packed.map(({ inputIds }) => inputIds.length)).toEqual([10, 10]);
});
