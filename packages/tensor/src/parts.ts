import { split } from "@tensorflow/tfjs-core";
import type { Tensor } from "./types.ts";

/** The rows of a matrix [N, C], each [1, C]. */
export function rowsOf(matrix: Tensor): Tensor[] {
  const [N] = matrix.shape;
  // The gradient tfjs has for `split` fails on a single part.
  return N === 1 ? [matrix] : split(matrix, N!, 0);
}

/** A row-major matrix [R, C] on the host as [C, R]. */
export function transposed<Values extends Float32Array | Int32Array>(values: Values, C: number): Values {
  const R = values.length / C;
  const turned = values.slice() as Values;
  for (const [index, value] of values.entries()) turned[(index % C) * R + Math.floor(index / C)] = value;
  return turned;
}
