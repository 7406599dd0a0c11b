import { add, mul, sigmoid, square, sub } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

const TWICE_SQRT_2_OVER_PI = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/**
 * GELU with its hyperbolic tangent approximation (Hendrycks and Gimpel, 2016), "gelu_new" of Hugging Face:
 * x·s with s = (1 + tanh(z)) / 2 = σ(2z) and z = √(2/π)·(x + 0.044715·x³), so that d/dx = s + x·s·(1 - s)·d(2z)/dx.
 */
export const geluTanh: (x: Tensor) => Tensor = withGradient((x: Tensor) => {
  const [value] = fusedKernel("GeluTanh", { x }, {}, () => [mul(x, sigmoid(mul(x, bend(square(x), 1))))]);
  return {
    value: value!,
    saved: [value!],
    gradient: (dy, [y]) => {
      const squared = square(x);
      const s = sigmoid(mul(x, bend(squared, 1)));
      return [mul(dy, add(s, mul(mul(y!, sub(1, s)), bend(squared, 3))))];
    },
  };
});

/** 2·√(2/π)·(1 + times·0.044715·x²) */
function bend(squared: Tensor, times: number): Tensor {
  return add(mul(squared, times * TWICE_SQRT_2_OVER_PI * CUBIC), TWICE_SQRT_2_OVER_PI);
}
