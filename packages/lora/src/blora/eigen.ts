/** Sweeps over all pairs; a symmetric matrix of this size converges in far fewer. */
const SWEEPS = 30;

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** [n, n] row-major, vector i in column i */
  readonly vectors: Float64Array;
}

/** Eigenvalues and orthonormal eigenvectors of a small symmetric matrix [n, n], by Jacobi's rotations. */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = matrix.slice();
  const vectors = Float64Array.from({ length: n * n }, (_, index) => (index % (n + 1) === 0 ? 1 : 0));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotated = rotate(a, vectors, n, p, q) || rotated;
    }
    if (!rotated) break;
  }
  const order = Array.from({ length: n }, (_, index) => index).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  return {
    values: Float64Array.from(order, (index) => a[index * n + index]!),
    vectors: vectors.map((_, index) => vectors[Math.floor(index / n) * n + order[index % n]!]!),
  };
}

/** Makes entry (p, q) of `a` zero by a rotation that `vectors` records. False where it was zero already. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): boolean {
  const off = a[p * n + q]!;
  const pp = a[p * n + p]!;
  const qq = a[q * n + q]!;
  if (off * off <= Number.EPSILON ** 2 * Math.abs(pp * qq)) return false;
  const theta = (qq - pp) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turn(vectors, k * n + p, k * n + q, c, s);
  return true;
}

function turn(values: Float64Array, i: number, j: number, c: number, s: number): void {
  const x = values[i]!;
  const y = values[j]!;
  values[i] = c * x - s * y;
  values[j] = s * x + c * y;
}
