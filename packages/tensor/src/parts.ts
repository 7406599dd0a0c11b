import { reshape, unstack } from "@tensorflow/tfjs-core";
import type { Tensor } from "./types.ts";

/** The entries of a vector [N], each a scalar. */
export function scalarsOf(vector: Tensor): Tensor[] {
  // The gradient tfjs has for `unstack` fails on a single tensor.
  return vector.shape[0] === 1 ? [reshape(vector, [])] : unstack(vector);
}
