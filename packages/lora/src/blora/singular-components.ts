import { symmetricEigen } from "./eigen.ts";

/** An update in factors: ΔW = B·diag(E)·A. */
export interface Factors {
  /** [R, I] */
  readonly A: Float32Array;
  /** [R] */
  readonly E: Float32Array;
  /** [O, R] */
  readonly B: Float32Array;
}

/** Smallest singular value, as a share of the largest, of which a direction can still be told in float32. */
const SMALLEST = 1e-4;

/**
 * The same product B·diag(E)·A from its singular vectors, the largest singular
 * value first: of all ways to write it, the one whose first r components are
 * nearest to the whole for every r.
 *
 * Rows of A keep one common norm and columns of B another, those of before on
 * the average; E > 0 carries the singular values. Undefined where the product
 * has less than full rank, so that a direction is missing.
 */
export function singularComponents({ A, E, B }: Factors): Factors | undefined {
  const R = E.length;
  const I = A.length / R;
  const O = B.length / R;
  const P = Float64Array.from(B, (b, index) => b * E[index % R]!); // [O, R]
  // A = L·Q with orthonormal rows of Q, from A·Aᵀ = V·D·Vᵀ: L = V·√D.
  const rows = symmetricEigen(
    gram(A, R, (component, input) => component * I + input, I),
    R,
  );
  if (!isFull(rows.values)) return undefined;
  const rootsA = rows.values.map(Math.sqrt);
  const L = rows.vectors.map((v, index) => v * rootsA[index % R]!); // [R, R]
  const N = product(P, L, O, R, R); // [O, R], ΔW = N·Q
  const columns = symmetricEigen(
    gram(N, R, (component, output) => output * R + component, O),
    R,
  );
  if (!isFull(columns.values)) return undefined;
  const singular = columns.values.map(Math.sqrt);

  const normA = norm(A) / Math.sqrt(R);
  const normB = norm(B) / Math.sqrt(R);
  const U = product(N, columns.vectors, O, R, R); // [O, R], columns of norm singular
  // Q = D^(-1/2)·Vᵀ·A, and the right vectors are Wᵀ·Q.
  const mix = product(
    rows.vectors.map((v, index) => v / rootsA[index % R]!),
    columns.vectors,
    R,
    R,
    R,
  ); // [R, R]
  const V = product(transpose(mix, R), A, R, R, I); // [R, I]
  return {
    A: Float32Array.from(V, (v) => v * normA),
    E: Float32Array.from(singular, (value) => value / (normA * normB)),
    B: Float32Array.from(U, (u, index) => (u / singular[index % R]!) * normB),
  };
}

function isFull(squares: Float64Array): boolean {
  return squares[squares.length - 1]! > SMALLEST ** 2 * squares[0]!;
}

/** Inner products of R vectors of `length` values, [R, R]. */
function gram(
  values: ArrayLike<number>,
  R: number,
  at: (vector: number, index: number) => number,
  length: number,
): Float64Array {
  return Float64Array.from({ length: R * R }, (_, entry) => {
    const [i, j] = [Math.floor(entry / R), entry % R];
    let total = 0;
    for (let index = 0; index < length; index++) total += values[at(i, index)]! * values[at(j, index)]!;
    return total;
  });
}

/** [n, k] · [k, m] → [n, m] */
function product(left: ArrayLike<number>, right: ArrayLike<number>, n: number, k: number, m: number): Float64Array {
  const out = new Float64Array(n * m);
  for (let row = 0; row < n; row++) {
    for (let inner = 0; inner < k; inner++) {
      const factor = left[row * k + inner]!;
      for (let column = 0; column < m; column++) out[row * m + column]! += factor * right[inner * m + column]!;
    }
  }
  return out;
}

function transpose(matrix: Float64Array, n: number): Float64Array {
  return matrix.map((_, index) => matrix[(index % n) * n + Math.floor(index / n)]!);
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0));
}
