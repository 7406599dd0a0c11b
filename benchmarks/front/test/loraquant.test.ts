import { normalValues } from "@blora/tensor";
import { describe, expect, it } from "vitest";
import { loraQuant, refined, roundToNearest, signs } from "../loraquant.ts";

/** Smooth numbers without pattern. */
function wave(size: number, step: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => Math.sin(step * (index + 1)) + 0.3 * Math.cos(7 * index));
}

describe("roundToNearest", () => {
  it("rounds to 2^b levels between the least and the largest value, zero among them", () => {
    // Scale 1, zero point 1: levels -1, 0, 1, 2.
    const values = Float32Array.of(-1, -0.4, 0.6, 2);
    expect([...roundToNearest(values, 2)]).toEqual([-1, 0, 1, 2]);
  });

  it("has a scale for every 128 values", () => {
    const values = new Float32Array(130).fill(0.25);
    values[0] = 3;
    values[1] = 0;
    values.set([0, 0.75], 128);
    const rounded = roundToNearest(values, 2);
    expect([rounded[0], rounded[2], rounded[128], rounded[129]]).toEqual([3, 0, 0, 0.75]);
  });
});

describe("signs", () => {
  it("keeps the sign and the mean magnitude", () => {
    expect([...signs(Float32Array.of(1, -2, 3, -4))]).toEqual([2.5, -2.5, 2.5, -2.5]);
  });
});

describe("refined", () => {
  it("lowers the error of a rounded component", () => {
    // Of the size a trained component has: its largest values are outliers.
    const drawn = (path: string, size: number) => normalValues({ seed: 1, step: 0, path }, size, 0.04);
    const [a, b] = [drawn("a", 256), drawn("b", 128)];
    const error = (x: Float32Array, y: Float32Array): number => {
      const [qx, qy] = [roundToNearest(x, 2), roundToNearest(y, 2)];
      let sum = 0;
      for (let i = 0; i < a.length; i++) {
        for (let o = 0; o < b.length; o++) sum += (a[i]! * b[o]! - qx[i]! * qy[o]!) ** 2;
      }
      return Math.sqrt(sum);
    };
    expect(error(...refined(a, b, 2))).toBeLessThan(0.8 * error(a, b));
  });
});

describe("loraQuant", () => {
  const [R, I, O] = [4, 256, 128];
  const A = wave(R * I, 0.37);
  const B = wave(O * R, 0.91);

  it("counts codes, scales and zero points", () => {
    const { highRank, codeBits, scaleBits } = loraQuant({ rank: R, A, B }, { ratio: 0.9, highBits: 2 });
    expect(codeBits).toBe((I + O) * (2 * highRank + (R - highRank)));
    // Two groups of a row of A and one of a column of B.
    expect(scaleBits).toBe(3 * (18 * highRank + 16 * (R - highRank)));
  });

  it("stops before the component that completes the ratio, and keeps one at least", () => {
    // Orthogonal components of singular values 3, 2, 1: squares are 9, 4 and 1 of 14.
    const identity = (scales: readonly number[]) =>
      Float32Array.from({ length: 9 }, (_, index) => (index % 4 === 0 ? scales[index / 4]! : 0));
    const update = { rank: 3, A: identity([1, 1, 1]), B: identity([3, 2, 1]) };
    const highRanks = [0.5, 0.9, 0.95].map((ratio) => loraQuant(update, { ratio, highBits: 2 }).highRank);
    expect(highRanks).toEqual([1, 1, 2]);
  });

  it("comes nearer with more bits", () => {
    const product = (a: Float32Array, b: Float32Array) =>
      Array.from({ length: O * I }, (_, index) => {
        const [o, i] = [Math.floor(index / I), index % I];
        return Array.from({ length: R }, (_, r) => b[o * R + r]! * a[r * I + i]!).reduce((x, y) => x + y);
      });
    const exact = product(A, B);
    const errorOf = (highBits: number): number => {
      const rounded = loraQuant({ rank: R, A, B }, { ratio: 1, highBits });
      const squares = product(rounded.A, rounded.B).map((value, index) => (value - exact[index]!) ** 2);
      const energy = exact.reduce((sum, value) => sum + value ** 2, 0);
      return Math.sqrt(squares.reduce((x, y) => x + y) / energy);
    };
    const errors = [2, 4, 8].map(errorOf);
    expect(errors[1]).toBeLessThan(errors[0]! / 2);
    expect(errors[2]).toBeLessThan(errors[1]!);
  });
});
