import { add, mean, mul, rsqrt, square, sub, sum } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

/**
 * Layer normalization over the last axis: scale · (x - mean) / sqrt(variance + epsilon) + shift.
 *
 * @param x [M, H]
 * @param scale [H]
 * @param shift [H]
 */
export function layerNorm(x: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Tensor {
  return withGradient((x: Tensor, scale: Tensor, shift: Tensor) => {
    const [value, average, inverseDeviation] = fusedKernel("LayerNorm", { x, scale, shift }, { epsilon }, () => {
      const average = mean(x, -1, true); // [M, 1]
      const centred = sub(x, average);
      const inverseDeviation = rsqrt(add(mean(square(centred), -1, true), epsilon)); // [M, 1]
      return [add(mul(mul(centred, inverseDeviation), scale), shift), average, inverseDeviation];
    }) as [Tensor, Tensor, Tensor];
    return {
      value,
      saved: [average, inverseDeviation],
      gradient: (dy, [average, inverseDeviation]) => {
        // dx = r·g - r³·mean(g·c)·c - r·mean(g), with c = x - average, r = inverseDeviation and g = dy·scale.
        const [centred, r] = [sub(x, average!), inverseDeviation!];
        const scaled = mul(dy, scale);
        const projection = mul(mul(mean(mul(scaled, centred), -1, true), square(r)), r); // [M, 1]
        const dx = sub(sub(mul(scaled, r), mul(centred, projection)), mul(mean(scaled, -1, true), r));
        return [dx, sum(mul(mul(dy, centred), r), 0), sum(dy, 0)];
      },
    };
  })(x, scale, shift);
}
