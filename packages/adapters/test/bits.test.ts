import fc from "fast-check";
import { expect, test } from "vitest";
import { packBits, packedLength, unpackBits } from "../src/packed/bits.ts";

const widths = fc.integer({ min: 1, max: 16 });

test("codes of any width come back", () => {
  fc.assert(
    fc.property(
      widths,
      fc.boolean(),
      fc.array(fc.integer({ min: 0, max: 65535 }), { maxLength: 70 }),
      (bits, signed, raw) => {
        const low = signed ? -(2 ** (bits - 1)) : 0;
        const codes = Int32Array.from(raw, (value) => low + (value % 2 ** bits));
        const bytes = packBits(codes, bits);
        expect(bytes.length).toBe(packedLength(codes.length, bits));
        expect(unpackBits(bytes, codes.length, bits, signed)).toEqual(codes);
      },
    ),
  );
});

test("the first code lies in the lowest bits of the first byte", () => {
  expect([...packBits(Int32Array.of(1, -1, -8, 7, 5), 4)]).toEqual([0xf1, 0x78, 0x05]);
  expect([...packBits(Int32Array.of(-2, 1, 0, -1), 2)]).toEqual([0b11_00_01_10]);
  expect([...packBits(Int32Array.of(-2), 16)]).toEqual([0xfe, 0xff]);
  expect([...packBits(Int32Array.of(5, 6, 7), 3)]).toEqual([0b11_110_101, 0b1]);
});
