import { add, mul, sigmoid, sub } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

/**
 * The product inside SwiGLU (Shazeer, 2020): silu(gate) · up, with silu(g) = g·σ(g).
 *
 * @param gate [M, F]
 * @param up [M, F]
 */
export const siluGate: (gate: Tensor, up: Tensor) => Tensor = withGradient((gate: Tensor, up: Tensor) => {
  const [value] = fusedKernel("SiluGate", { gate, up }, {}, () => [mul(mul(gate, sigmoid(gate)), up)]);
  return {
    value: value!,
    gradient: (dy) => {
      const open = sigmoid(gate);
      const silu = mul(gate, open);
      const slope = add(mul(silu, sub(1, open)), open);
      return [mul(mul(dy, up), slope), mul(dy, silu)];
    },
  };
});
