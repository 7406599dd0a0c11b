import fc from "fast-check";
import { expect, test } from "vitest";
import { singularComponents } from "../../src/allocation/singular-components.ts";
import { sample } from "../support/reference.ts";

const size = fc.integer({ min: 1, max: 12 });

/** B·A [O, I] in float64. */
function product(A: ArrayLike<number>, B: ArrayLike<number>, R: number): number[] {
  const I = A.length / R;
  const O = B.length / R;
  return Array.from({ length: O * I }, (_, index) => {
    const [o, i] = [Math.floor(index / I), index % I];
    return Array.from({ length: R }, (_, r) => B[o * R + r]! * A[r * I + i]!).reduce((sum, term) => sum + term, 0);
  });
}

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return Array.from(x, (value, index) => value * y[index]!).reduce((sum, term) => sum + term, 0);
}

test("keeps the product, and makes components orthogonal, the largest first, split evenly", () => {
  fc.assert(
    fc.property(size, size, fc.integer({ min: 1, max: 5 }), fc.nat(), (I, O, R, seed) => {
      const [A, B] = [sample(`A${seed}`, R * I), sample(`B${seed}`, O * R, 0.5)];
      const turned = singularComponents(A, B, R);
      const [before, after] = [product(A, B, R), product(turned.A, turned.B, R)];
      for (const [index, value] of before.entries()) expect(after[index]).toBeCloseTo(value, 4);
      const a = Array.from({ length: R }, (_, r) => turned.A.subarray(r * I, (r + 1) * I));
      const b = Array.from({ length: R }, (_, r) => Float32Array.from({ length: O }, (_, o) => turned.B[o * R + r]!));
      for (let i = 0; i < R; i++) {
        expect(dot(a[i]!, a[i]!)).toBeCloseTo(dot(b[i]!, b[i]!), 3);
        if (i > 0) expect(dot(a[i]!, a[i]!)).toBeLessThanOrEqual(dot(a[i - 1]!, a[i - 1]!) + 1e-4);
        for (let j = 0; j < i; j++) {
          expect(dot(a[i]!, a[j]!)).toBeCloseTo(0, 3);
          expect(dot(b[i]!, b[j]!)).toBeCloseTo(0, 3);
        }
      }
    }),
    { seed: 1 },
  );
});

test("a product of rank 1 has one component, of its singular value", () => {
  const turned = singularComponents(Float32Array.of(3, 4, 6, 8), Float32Array.of(1, 0, 0, 0), 2); // B·A = [[3, 4], [0, 0]]
  const [first, second] = [turned.A.subarray(0, 2), turned.A.subarray(2)];
  expect(dot(first, first)).toBeCloseTo(5, 5);
  expect(dot(second, second)).toBeCloseTo(0, 6);
});

test("turns gradients by the old factors into those by the new ones", () => {
  const [I, O, R] = [7, 6, 3];
  const [A, B, G] = [sample("A", R * I), sample("B", O * R), sample("dW", O * I)];
  const byA = (of: ArrayLike<number>): number[] => transposedProduct(of, G, R); // Bᵀ·dW, [R, I]
  const byB = (of: ArrayLike<number>): number[] =>
    Array.from({ length: R * O }, (_, index) => {
      const [r, o] = [Math.floor(index / O), index % O];
      return Array.from({ length: I }, (_, i) => of[r * I + i]! * G[o * I + i]!).reduce((sum, term) => sum + term, 0);
    }); // (dW·Aᵀ)ᵀ, [R, O]
  const turned = singularComponents(A, B, R);
  const expectTurned = (matrix: readonly (readonly number[])[], before: number[], after: number[]) => {
    const K = before.length / R;
    for (const [index, value] of after.entries()) {
      const [row, column] = [Math.floor(index / K), index % K];
      expect(matrix[row]!.reduce((sum, entry, r) => sum + entry * before[r * K + column]!, 0)).toBeCloseTo(value, 4);
    }
  };
  expectTurned(turned.gradientsA, byA(B), byA(turned.B));
  expectTurned(turned.gradientsB, byB(A), byB(turned.A));
});

/** Bᵀ·dW: B [O, R], dW [O, I] */
function transposedProduct(B: ArrayLike<number>, dW: ArrayLike<number>, R: number): number[] {
  const O = B.length / R;
  const I = dW.length / O;
  return Array.from({ length: R * I }, (_, index) => {
    const [r, i] = [Math.floor(index / I), index % I];
    return Array.from({ length: O }, (_, o) => B[o * R + r]! * dW[o * I + i]!).reduce((sum, term) => sum + term, 0);
  });
}
