import { cast, div, equal, maximum, minimum, mul, round } from "@tensorflow/tfjs-core";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

/** Lower limit of unsigned values as a share of the upper: 0 itself counts as clipped, and rounds to 0 all the same. */
export const ABOVE_ZERO = 1e-20;

export interface ClippedRounding {
  /** step · round(clipped / step), half to even */
  readonly value: Tensor;
  /** x in [-limit, limit], or in [0, limit] */
  readonly clipped: Tensor;
}

/**
 * x clipped, then rounded to multiples of `step`. Without a gradient of its
 * own: for use inside `withGradient`, together with `passInside`.
 *
 * @param step scalar
 * @param limit scalar, below 2^(bits - 1) - 1/2 steps where signed and 2^bits - 1/2 where not
 * @param bits at most 16: where they are settled at 8 or fewer, products of such values may be those of whole numbers
 */
export function clippedRounding(x: Tensor, step: Tensor, limit: Tensor, signed: boolean, bits = 16): ClippedRounding {
  const low = mul(limit, signed ? -1 : ABOVE_ZERO);
  const [value, clipped] = fusedKernel("ClippedRounding", { x, step, low, limit }, { signed, bits }, () => {
    const clipped = minimum(maximum(x, low), limit);
    return [mul(round(div(clipped, step)), step), clipped];
  });
  return { value: value!, clipped: clipped! };
}

/** dy where clipping left x as it was, 0 elsewhere: the straight-through gradient of `clippedRounding`. */
export function passInside(dy: Tensor, x: Tensor, clipped: Tensor): Tensor {
  const [gradient] = fusedKernel("PassInside", { dy, x, clipped }, {}, () => [
    mul(dy, cast(equal(x, clipped), "float32")),
  ]);
  return gradient!;
}
