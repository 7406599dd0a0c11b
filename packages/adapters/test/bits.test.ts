import fc from "fast-check";
import { expect, test } from "vitest";
import { packBits, packedLength, unpackBits } from "../src/packed/bits.ts";

const widths = fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 9 });

test("codes of vectors of any widths come back", () => {
  fc.assert(
    fc.property(widths, fc.boolean(), fc.integer({ min: 0, max: 20 }), fc.nat(), (bits, signed, K, start) => {
      const codes = Int32Array.from({ length: bits.length * K }, (_, index) => {
        const width = bits[Math.floor(index / K)]!;
        return ((start + 7919 * index) % 2 ** width) - (signed ? 2 ** (width - 1) : 0);
      });
      const bytes = packBits(codes, bits);
      expect(bytes.length).toBe(packedLength(codes.length, bits));
      expect(unpackBits(bytes, codes.length, bits, signed)).toEqual(codes);
    }),
    { seed: 1 },
  );
});

test("the first code lies in the lowest bits of the first byte", () => {
  expect([...packBits(Int32Array.of(1, -1, -8, 7, 5), [4])]).toEqual([0xf1, 0x78, 0x05]);
  expect([...packBits(Int32Array.of(-2, 1, 0, -1), [2])]).toEqual([0b11_00_01_10]);
  expect([...packBits(Int32Array.of(-2), [16])]).toEqual([0xfe, 0xff]);
  expect([...packBits(Int32Array.of(5, 6, 7), [3])]).toEqual([0b11_110_101, 0b1]);
});

test("vectors follow each other without padding", () => {
  // From the lowest bit: 01, 10, 001, 101, 1000, 0111.
  expect([...packBits(Int32Array.of(1, -2, 1, -3, -8, 7), [2, 3, 4])]).toEqual([0b1_001_10_01, 0b11_1000_10, 0b01]);
});
