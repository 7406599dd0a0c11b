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
        const normalized = mul(x, inverseRoot!);
        const scaled = mul(dy, scale);
        const projection = mean(mul(scaled, normalized), -1, true); // [M, 1]
        return [mul(sub(scaled, mul(normalized, projection)), inverseRoot!), sum(mul(dy, normalized), 0)];
      },
    };
  })(x, scale);
}
