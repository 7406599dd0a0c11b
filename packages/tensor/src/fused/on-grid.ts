import { mul } from "@tensorflow/tfjs-core";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

/** What the levels of a grid are: whole numbers of some bits, plus an offset. */
export interface LevelsOf {
  /** At 8 or fewer, products may be those of whole numbers. */
  readonly bits: number;
  readonly signed: boolean;
  readonly offset: 0 | 0.5;
}

/**
 * levels · steps, vectors on even grids. A backend may multiply two such tensors by their levels, as whole numbers:
 * `linear` and `linearWithUpdate` then give the same product with sums that are exact. Without a gradient of its own:
 * for use inside `withGradient`.
 *
 * @param levels [N, K], codes of `bits` bits (two's complement where signed) plus the offset
 * @param steps [N, 1]
 */
export function onGrid(levels: Tensor, steps: Tensor, { bits, signed, offset }: LevelsOf): Tensor {
  const [value] = fusedKernel("OnGrid", { levels, steps }, { bits, signed, offset }, () => [mul(levels, steps)]);
  return value!;
}
