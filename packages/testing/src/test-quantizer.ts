import { type Component, FLOAT_BITS, type QuantizedTensor, type VectorWidths } from "@blora/spec";
import { ops, sizeOf, type Tensor } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { useCpuBackend } from "./cpu-backend.ts";
import {
  evenShares,
  expectFinite,
  expectVectors,
  floatsOf,
  gradientsOf,
  K,
  N,
  relativeErrors,
  roundFresh,
  sampleVectors,
  unevenShares,
  vectorsOf,
  weightedSum,
} from "./quantizer-samples.ts";
import { testManifest } from "./test-manifest.ts";
import { testWidthGates } from "./test-width-gates.ts";
import { expectAllClose, valuesOf } from "./values.ts";

/** Registers the laws every quantizer keeps. Call it at the top level of a test file. */
export function testQuantizer(quantizer: Component<"quantizer">): void {
  const widths = quantizer.bitWidths;
  describe("quantizer laws", () => {
    useCpuBackend();
    testManifest(quantizer, "quantizer");

    test("bit widths are whole numbers that ascend", () => {
      expect(widths.length).toBeGreaterThan(0);
      for (const [index, bits] of widths.entries()) {
        expect(Number.isInteger(bits)).toBe(true);
        expect(bits).toBeGreaterThan(widths[index - 1] ?? -1);
      }
    });

    describe("signed", () => testRounding(quantizer, true));
    describe("unsigned", () => testRounding(quantizer, false));
    if (quantizer.gates !== undefined) testWidthGates(quantizer.gates, widths);
  });
}

const everywhere = (bits: number): number[] => new Array<number>(N).fill(bits);

function testRounding(quantizer: Component<"quantizer">, signed: boolean): void {
  const widths = quantizer.bitWidths;
  const L = widths.length;
  const aboveZero = widths.filter((bits) => bits > 0);
  const tensor = sampleVectors(signed);
  const zeros = { ...tensor, values: new Float32Array(N * K) };
  const round = (by: VectorWidths, of: QuantizedTensor = tensor): Tensor => roundFresh(quantizer, of, by);
  const ofEachWidth = (): Float32Array[] => widths.map((bits) => floatsOf(round(everywhere(bits))));

  test("keeps the shape, whatever the number and length of the vectors", () => {
    for (const vectors of [N, 1, N * K]) {
      const settled = Array.from({ length: vectors }, (_, vector) => widths[vector % L]!);
      for (const by of [settled, { shares: evenShares(vectors, L) }]) {
        expect(round(by, { ...tensor, vectors }).shape).toEqual([vectors, (N * K) / vectors]);
      }
    }
  });

  test("parameters are finite and have an entry for each vector along their first axis", () => {
    for (const of of [tensor, zeros]) {
      for (const [name, { shape, values }] of Object.entries(quantizer.init(of))) {
        expect(shape[0], name).toBe(N);
        expect(values.length, name).toBe(sizeOf(shape));
        expect(values.every(Number.isFinite), name).toBe(true);
      }
    }
  });

  test("vectors of zeros stay zero and have finite gradients", () => {
    for (const by of [...widths.map(everywhere), { shares: evenShares(N, L) }]) {
      expect(floatsOf(round(by, zeros))).toEqual(zeros.values);
      for (const gradient of gradientsOf(quantizer, zeros, by).all) expectFinite(gradient);
    }
  });

  test("vectors are rounded apart from each other", () => {
    for (const bits of widths) {
      expect(floatsOf(round(everywhere(bits)))).toEqual(joined((vector) => round([bits], vector)));
    }
    for (const [shares, oneHot] of [
      [unevenShares(L), false],
      [oneHotShares(L), true],
    ] as const) {
      const own = (index: number): Tensor => ops.slice(shares, [index, 0], [1, -1]);
      const alone = joined((vector, index) => round({ shares: own(index), oneHot }, vector));
      expect(floatsOf(round({ shares, oneHot }))).toEqual(alone);
    }
  });

  /** Vectors rounded one at a time. */
  function joined(roundOne: (vector: QuantizedTensor, index: number) => Tensor): Float32Array {
    return Float32Array.from(vectorsOf(tensor).flatMap((vector, index) => [...floatsOf(roundOne(vector, index))]));
  }

  test("each vector may have a width of its own", () => {
    const all = [...widths, FLOAT_BITS];
    for (let shift = 0; shift < all.length; shift++) {
      const mixed = Array.from({ length: N }, (_, vector) => all[(vector + shift) % all.length]!);
      expect(floatsOf(round(mixed))).toEqual(joined((vector, index) => round([mixed[index]!], vector)));
    }
  });

  test("never swaps two values of a vector and leaves at most 2^b of them", () => {
    const one = { values: sampleVectors(signed, 2000).values.slice(0, 2000).sort(), vectors: 1, signed };
    for (const bits of widths) {
      const values = floatsOf(round([bits], one));
      for (const [index, value] of values.entries()) {
        expect(value).toBeGreaterThanOrEqual(values[index - 1] ?? value);
      }
      expect(new Set(values).size).toBeLessThanOrEqual(2 ** bits);
    }
  });

  test("a wider width rounds nearer, and the narrowest nearer than zeros are", () => {
    const rounded = [zeros.values, ...aboveZero.map((bits) => floatsOf(round(everywhere(bits))))];
    const errors = rounded.map((values) => relativeErrors(values, tensor));
    for (const [index, own] of errors.slice(1).entries()) {
      for (const [vector, error] of own.entries()) expect(error).toBeLessThan(errors[index]![vector]!);
    }
  });

  test("32 bits leave every value and gradient as it is", () => {
    expect(floatsOf(round(everywhere(FLOAT_BITS)))).toEqual(tensor.values);
    const { byX, upstream } = gradientsOf(quantizer, tensor, everywhere(FLOAT_BITS));
    expectAllClose(byX, upstream);
  });

  test.runIf(widths.includes(0))("0 bits give zeros, and no gradient", () => {
    expect(floatsOf(round(everywhere(0)))).toEqual(zeros.values);
    expect(floatsOf(gradientsOf(quantizer, tensor, everywhere(0)).byX)).toEqual(zeros.values);
  });

  test("a share of 1 rounds as its width does", () => {
    for (const [level, values] of ofEachWidth().entries()) {
      const shares = oneHotShares(L, level);
      for (const oneHot of [true, false]) expectVectors(round({ shares, oneHot }), values);
    }
  });

  test("shares give the weighted sum of their widths", () => {
    const shares = unevenShares(L);
    expectVectors(round({ shares }), weightedSum(ofEachWidth(), valuesOf(shares)));
  });

  test.runIf(L > 1)("the gradient by a share is what its width contributes", () => {
    const { byShares, upstream } = gradientsOf(quantizer, tensor, { shares: unevenShares(L) });
    const dy = valuesOf(upstream);
    const each = ofEachWidth();
    const expected = Array.from({ length: N * L }, (_, place) => {
      const from = Math.floor(place / L) * K;
      const own = each[place % L]!.subarray(from, from + K);
      return own.reduce((total, value, k) => total + dy[from + k]! * value, 0);
    });
    expectAllClose(byShares!, expected, { relative: 1e-4, absolute: 1e-4 });
  });

  test("values and trained parameters have gradients that are finite and not all zero", () => {
    for (const bits of aboveZero.filter((width) => width !== FLOAT_BITS)) {
      for (const gradient of gradientsOf(quantizer, tensor, everywhere(bits)).all) {
        expectFinite(gradient);
        expect(floatsOf(gradient).some((value) => value !== 0)).toBe(true);
      }
    }
  });

  const encode = quantizer.encode?.bind(quantizer);
  const encodable = aboveZero.filter((bits) => bits !== FLOAT_BITS);
  describe.runIf(encode !== undefined && encodable.length > 0)("codes", () => {
    const mixed = Array.from({ length: N }, (_, vector) => encodable[vector % encodable.length]!);

    test("codes give the rounded values bit for bit and fit their widths", () => {
      const start = quantizer.init(tensor);
      const found = [...encodable.map(everywhere), mixed].map((bits) => encode!(start, tensor, bits));
      const encoded = found.filter((codes) => codes !== undefined);
      expect(encoded.length, "no width has codes: leave `encode` out").toBeGreaterThan(0);
      for (const { codes, bits, offset, scales, ...rest } of encoded) {
        expect(rest.signed).toBe(signed);
        expect(scales).toHaveLength(N);
        const decoded = Float32Array.from(codes, (code, index) => (code + offset) * scales[Math.floor(index / K)]!);
        expect(decoded.map((value) => value + 0)).toEqual(floatsOf(round(bits)));
        for (const [index, code] of codes.entries()) {
          const own = bits[Math.floor(index / K)]!;
          expect(code).toBeGreaterThanOrEqual(signed ? -(2 ** (own - 1)) : 0);
          expect(code).toBeLessThan(signed ? 2 ** (own - 1) : 2 ** own);
        }
      }
    });

    test("a vector in floating point has no codes", () => {
      expect(encode!(quantizer.init(tensor), tensor, mixed.with(1, FLOAT_BITS))).toBeUndefined();
    });
  });
}

/** Shares [N, L] with a 1 in each row, at `level` or at one after the other. */
function oneHotShares(L: number, level?: number): Tensor {
  const places = Array.from({ length: N * L }, (_, place) => {
    const chosen = level ?? Math.floor(place / L) % L;
    return Number(place % L === chosen);
  });
  return ops.tensor(places, [N, L]);
}
