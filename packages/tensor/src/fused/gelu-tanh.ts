import { add, mul, square, sub, tanh } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** GELU with its hyperbolic tangent approximation (Hendrycks and Gimpel, 2016), "gelu_new" of Hugging Face. */
export const geluTanh: (x: Tensor) => Tensor = withGradient((x: Tensor) => {
  const [value] = fusedKernel("GeluTanh", { x }, {}, () => [mul(mul(x, 0.5), add(bend(x), 1))]);
  return {
    value: value!,
    gradient: (dy) => {
      const t = bend(x);
      const slope = mul(add(mul(square(x), 3 * CUBIC), 1), SQRT_2_OVER_PI);
      const curve = mul(mul(x, sub(1, square(t))), slope);
      return [mul(dy, mul(add(add(t, 1), curve), 0.5))];
    },
  };
});

/** tanh(√(2/π)·(x + 0.044715·x³)) */
function bend(x: Tensor): Tensor {
  return tanh(mul(mul(x, add(mul(square(x), CUBIC), 1)), SQRT_2_OVER_PI));
}
