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
        const normalized = mul(sub(x, average!), inverseDeviation!);
        const scaled = mul(dy, scale);
        const projection = mean(mul(scaled, normalized), -1, true); // [M, 1]
        const dx = mul(sub(sub(scaled, mean(scaled, -1, true)), mul(normalized, projection)), inverseDeviation!);
        return [dx, sum(mul(dy, normalized), 0), sum(dy, 0)];
      },
    };
  })(x, scale, shift);
}
