import { hardConcrete } from "@blora/gates";
import type { EncodedValues } from "@blora/spec";
import { ops } from "@blora/tensor";
import { toTensors, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bayesianBits, uniform } from "../src/index.ts";

useCpuBackend();
const gate = hardConcrete();

const magnitudes = fc.double({ min: -30, max: 8, noNaN: true }).map((exponent) => 2 ** exponent);
const K = 12;
const vector = fc
  .tuple(fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: K, maxLength: K }), magnitudes)
  .map(([values, size]) => values.map((value) => value * size));
const rows = fc.array(fc.record({ vector, bits: fc.integer({ min: 2, max: 16 }) }), { minLength: 1, maxLength: 4 });

/** (code + offset) · scale in float32, zeros without a sign. */
function decoded({ codes, offset, scales }: EncodedValues): Float32Array {
  return Float32Array.from(codes, (code, index) => (code + offset) * scales[Math.floor(index / K)]! + 0);
}

describe.each([
  ["mid-rise", uniform({ bits: 4 })],
  ["absmax", uniform({ bits: 4, grid: "absmax" })],
  ["learned ranges", bayesianBits({ gate })],
])("codes of %s", (_, quantizer) => {
  test("give the rounded float32 values of any vectors and widths bit for bit", () => {
    fc.assert(
      fc.property(rows, fc.boolean(), (given, signed) => {
        const values = Float32Array.from(given.flatMap((row) => row.vector));
        const tensor = { values, vectors: given.length, signed };
        const bits = given.map((row) => row.bits);
        const start = quantizer.init(tensor);
        const encoded = quantizer.encode!(start, tensor, bits)!;
        const rounded = quantizer.round(toTensors(start), ops.tensor(values, [given.length, K]), signed, bits);
        expect(decoded(encoded)).toEqual(Float32Array.from(valuesOf(rounded), (value) => value + 0));
        expect(encoded.bits).toEqual(bits);
        for (const scale of encoded.scales) expect(scale).toBe(Math.fround(scale));
        for (const [index, code] of encoded.codes.entries()) {
          const width = bits[Math.floor(index / K)]!;
          expect(code).toBeGreaterThanOrEqual(signed ? -(2 ** (width - 1)) : 0);
          expect(code).toBeLessThan(2 ** (signed ? width - 1 : width));
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("do not exist where a vector stays in floating point", () => {
    const tensor = { values: Float32Array.of(1, 2), vectors: 2, signed: true };
    expect(quantizer.encode!(quantizer.init(tensor), tensor, [32, 4])).toBeUndefined();
  });
});

test("mid-rise codes at 2 bits are -2 to 1, and a half is added", () => {
  const tensor = { values: Float32Array.of(1, -1, 4, -2), vectors: 1, signed: true };
  expect(uniform({ bits: 2 }).encode!({}, tensor, [2])).toEqual({
    codes: Int32Array.of(0, -1, 1, -1),
    bits: [2],
    signed: true,
    offset: 0.5,
    scales: Float32Array.of(2.75),
  });
});

test("absmax codes at 2 bits are -1 to 1, and nothing is added", () => {
  const tensor = { values: Float32Array.of(1, -1, 3, -2), vectors: 1, signed: true };
  expect(uniform({ bits: 2, grid: "absmax" }).encode!({}, tensor, [2])).toEqual({
    codes: Int32Array.of(0, 0, 1, -1),
    bits: [2],
    signed: true,
    offset: 0,
    scales: Float32Array.of(2),
  });
});

test("a closed vector has no codes", () => {
  const tensor = { values: Float32Array.of(1, 2), vectors: 2, signed: true };
  expect(uniform({ bits: [0, 2] }).encode!({}, tensor, [2, 0])).toBeUndefined();
});
