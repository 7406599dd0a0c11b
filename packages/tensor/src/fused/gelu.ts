import { add, erf, exp, mul, square } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

const INVERSE_SQRT_2 = Math.SQRT1_2;
const INVERSE_SQRT_2_PI = 1 / Math.sqrt(2 * Math.PI);

/** x·Φ(x), with Φ the normal distribution function: the exact GELU of Hendrycks and Gimpel (2016). */
export const gelu: (x: Tensor) => Tensor = withGradient((x: Tensor) => {
  const [value] = fusedKernel("Gelu", { x }, {}, () => [mul(x, normalDistribution(x))]);
  return { value: value!, gradient: (dy) => [geluGradient(dy, x)] };
});

function normalDistribution(x: Tensor): Tensor {
  return mul(add(erf(mul(x, INVERSE_SQRT_2)), 1), 0.5);
}

/** dy · (Φ(x) + x·φ(x)), with φ the normal density. */
function geluGradient(dy: Tensor, x: Tensor): Tensor {
  const [gradient] = fusedKernel("GeluGradient", { dy, x }, {}, () => {
    const density = mul(exp(mul(square(x), -0.5)), INVERSE_SQRT_2_PI);
    return [mul(dy, add(normalDistribution(x), mul(x, density)))];
  });
  return gradient!;
}
