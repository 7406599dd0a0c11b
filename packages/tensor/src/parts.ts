import { split } from "@tensorflow/tfjs-core";
import type { Tensor } from "./types.ts";

/** The rows of a matrix [N, C], each [1, C]. */
export function rowsOf(matrix: Tensor): Tensor[] {
  const [N] = matrix.shape;
  // The gradient tfjs has for `split` fails on a single part.
  return N === 1 ? [matrix] : split(matrix, N!, 0);
}
