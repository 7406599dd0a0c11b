import { add, mean, mul, rsqrt, square, sub, sum } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

/**
 * Root mean square normalization over the last axis (Zhang and Sennrich,
 * 2019): scale · x / sqrt(mean(x²) + epsilon).
 *
 * @param x [M, H]
 * @param scale [H]
 */
export function rmsNorm(x: Tensor, scale: Tensor, epsilon: number): Tensor {
  return withGradient((x: Tensor, scale: Tensor) => {
    const [value, inverseRoot] = fusedKernel("RmsNorm", { x, scale }, { epsilon }, () => {
      const inverseRoot = rsqrt(add(mean(square(x), -1, true), epsilon)); // [M, 1]
      return [mul(mul(x, inverseRoot), scale), inverseRoot];
    }) as [Tensor, Tensor];
    return {
      value,
      saved: [inverseRoot],
      gradient: (dy, [inverseRoot]) => {
        // dx = r·g - r³·mean(g·x)·x, with r = inverseRoot and g = dy·scale.
        const r = inverseRoot!;
        const scaled = mul(dy, scale);
        const projection = mul(mul(mean(mul(scaled, x), -1, true), square(r)), r); // [M, 1]
        return [sub(mul(scaled, r), mul(x, projection)), sum(mul(mul(dy, x), r), 0)];
      },
    };
  })(x, scale);
}
