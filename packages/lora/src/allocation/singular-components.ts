import { Matrix, pseudoInverse, SVD } from "ml-matrix";

/** The factors of an update and how gradients by the former factors give those by these. */
export interface SingularComponents {
  /** √S·Vᵀ, [R, I] */
  readonly A: Float32Array;
  /** U·√S, [O, R] */
  readonly B: Float32Array;
  /** [R, R]: ∂L/∂A afterwards = this · ∂L/∂A before */
  readonly gradientsA: number[][];
  /** [R, R]: (∂L/∂B)ᵀ afterwards = this · (∂L/∂B)ᵀ before */
  readonly gradientsB: number[][];
}

/**
 * B·A = U·S·Vᵀ split evenly: A ← √S·Vᵀ, B ← U·√S, the largest singular value
 * first. The product stays what it was; component i is then the i-th best
 * approximation of rank 1 that is left (Eckart and Young 1936).
 *
 * @param A [R, I], row-major
 * @param B [O, R], row-major
 */
export function singularComponents(A: Float32Array, B: Float32Array, R: number): SingularComponents {
  // With B = Q_b·R_b and Aᵀ = Q_a·R_a the decomposition is that of R_b·R_aᵀ, R by R.
  const b = orthogonalFactors(Matrix.from1DArray(B.length / R, R, B));
  const a = orthogonalFactors(Matrix.from1DArray(R, A.length / R, A).transpose());
  const core = new SVD(b.rest.mmul(a.rest.transpose()), { autoTranspose: true });
  const roots = Matrix.diag(
    Array.from({ length: R }, (_, i) => Math.sqrt(core.diagonal[i] ?? 0)),
    R,
    core.diagonal.length,
  );
  const left = roots.mmul(core.leftSingularVectors.transpose()); // √S·Uᵀ, [R, q]
  const right = roots.mmul(core.rightSingularVectors.transpose()); // √S·Vᵀ, [R, q]
  return {
    A: flat(right.mmul(a.orthogonal.transpose())),
    B: flat(b.orthogonal.mmul(left.transpose())),
    gradientsA: left.mmul(pseudoInverse(b.rest.transpose())).to2DArray(),
    gradientsB: right.mmul(pseudoInverse(a.rest.transpose())).to2DArray(),
  };
}

/** M = Q·rest with orthonormal columns of Q [N, q], q = min(N, R), also where M has not full rank. */
function orthogonalFactors(M: Matrix): { orthogonal: Matrix; rest: Matrix } {
  const { leftSingularVectors, rightSingularVectors, diagonal } = new SVD(M, { autoTranspose: true });
  return { orthogonal: leftSingularVectors, rest: Matrix.diag(diagonal).mmul(rightSingularVectors.transpose()) };
}

function flat(matrix: Matrix): Float32Array {
  return Float32Array.from(matrix.to1DArray());
}
