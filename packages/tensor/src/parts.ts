import { reshape, split, unstack } from "@tensorflow/tfjs-core";
import type { Tensor } from "./types.ts";

/** The entries of a vector [N], each a scalar. */
export function scalarsOf(vector: Tensor): Tensor[] {
  // The gradients tfjs has for `unstack` and `split` fail on a single tensor.
  return vector.shape[0] === 1 ? [reshape(vector, [])] : unstack(vector);
}

/** The rows of a matrix [N, C], each [1, C]. */
export function rowsOf(matrix: Tensor): Tensor[] {
  const [N] = matrix.shape;
  return N === 1 ? [matrix] : split(matrix, N!, 0);
}
