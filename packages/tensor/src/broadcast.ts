import {
  backend_util,
  cast,
  greaterEqual,
  less,
  mul,
  reshape,
  sum,
  matMul as tfjsMatMul,
  maximum as tfjsMaximum,
  minimum as tfjsMinimum,
} from "@tensorflow/tfjs-core";
import { withGradient } from "./autodiff.ts";
import type { Shape, Tensor } from "./types.ts";

/** Sums a gradient over the axes its input was broadcast along. */
function sumToShape(gradient: Tensor, shape: Shape): Tensor {
  const axes = backend_util.getReductionAxes([...shape], gradient.shape);
  return reshape(axes.length === 0 ? gradient : sum(gradient, axes), [...shape]);
}

/** The larger of two tensors that may broadcast; where they are equal, `a` gets the gradient. */
export const maximum: (a: Tensor, b: Tensor) => Tensor = withGradient((a: Tensor, b: Tensor) => ({
  value: tfjsMaximum(a, b),
  gradient: (dy) => [
    sumToShape(mul(dy, cast(greaterEqual(a, b), "float32")), a.shape),
    sumToShape(mul(dy, cast(less(a, b), "float32")), b.shape),
  ],
}));

/** The smaller of two tensors that may broadcast; where they are equal, `b` gets the gradient. */
export const minimum: (a: Tensor, b: Tensor) => Tensor = withGradient((a: Tensor, b: Tensor) => ({
  value: tfjsMinimum(a, b),
  gradient: (dy) => [
    sumToShape(mul(dy, cast(less(a, b), "float32")), a.shape),
    sumToShape(mul(dy, cast(greaterEqual(a, b), "float32")), b.shape),
  ],
}));

/**
 * Matrix product over the last two axes. Leading axes broadcast, and then the
 * gradient is summed over them, which tfjs's own does not do.
 */
export function matMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  if (String(a.shape.slice(0, -2)) === String(b.shape.slice(0, -2))) return tfjsMatMul(a, b, transposeA, transposeB);
  return withGradient((a: Tensor, b: Tensor) => ({
    value: tfjsMatMul(a, b, transposeA, transposeB),
    gradient: (dy) => [
      sumToShape(transposeA ? tfjsMatMul(b, dy, transposeB, true) : tfjsMatMul(dy, b, false, !transposeB), a.shape),
      sumToShape(transposeB ? tfjsMatMul(dy, a, true, transposeA) : tfjsMatMul(a, dy, !transposeA, false), b.shape),
    ],
  }))(a, b);
}
