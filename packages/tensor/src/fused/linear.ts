import { add, concat, matMul, sum, transpose } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { fusedKernel, hasKernel } from "./kernel.ts";

/** x·Wᵀ + b without a gradient of its own. x [M, I], W [O, I], b [O] → [M, O]. */
function product(x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const [value] = fusedKernel("Linear", { x, weight, ...(bias && { bias }) }, {}, () => {
    const y = matMul(x, weight, false, true);
    return [bias === undefined ? y : add(y, bias)];
  });
  return value!;
}

/**
 * A linear map that is trained: x·Wᵀ + b.
 *
 * @param x [M, I]
 * @param weight [O, I]
 * @param bias [O]
 * @returns [M, O]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const gradient = (dy: Tensor) => [frozenProductGradient(dy, weight), matMul(dy, x, true, false)];
  if (bias === undefined)
    return withGradient((x: Tensor, weight: Tensor) => ({ value: product(x, weight, undefined), gradient }))(x, weight);
  return withGradient((x: Tensor, weight: Tensor, bias: Tensor) => ({
    value: product(x, weight, bias),
    gradient: (dy) => [...gradient(dy), sum(dy, 0)],
  }))(x, weight, bias);
}

/** h·Bᵀ, what is added to the product of a frozen map: h [M, R], B [O, R]. */
interface Update {
  readonly h: Tensor;
  readonly B: Tensor;
}

/** Whether the backend multiplies by frozen matrices its own way, in whole numbers for example, instead of as by any other. */
const multipliesFrozen = (): boolean => hasKernel("FrozenProduct");

/** x·Wᵀ + h·Bᵀ + b, W frozen, without a gradient of its own. x [M, I], W [O, I] → [M, O]. */
function frozenProduct(x: Tensor, weight: Tensor, bias?: Tensor, update?: Update): Tensor {
  const inputs = { x, weight, ...(bias && { bias }), ...(update && { h: update.h, B: update.B }) };
  const [value] = fusedKernel("FrozenProduct", inputs, {}, () => [product(x, weight, bias)]);
  return value!;
}

/** dy·W + g·A, where the backend may have its own way with W: frozen, or on a grid. dy [M, O], g [M, R], A [R, I] → [M, I]. */
function frozenProductGradient(
  dy: Tensor,
  weight: Tensor,
  update?: { readonly g: Tensor; readonly A: Tensor },
): Tensor {
  const [dx] = fusedKernel("FrozenProductGradient", { dy, weight, ...update }, {}, () => [matMul(dy, weight)]);
  return dx!;
}

/** `linear` with W and b held fixed: differentiable by x alone, so no weight gradient is ever formed. */
export function frozenLinear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return withGradient((x: Tensor) => ({
    value: frozenProduct(x, weight, bias),
    gradient: (dy) => [frozenProductGradient(dy, weight)],
  }))(x);
}

/**
 * A frozen linear map plus a trained low-rank update: x·(W + B·A)ᵀ + b,
 * differentiable by x, A and B.
 *
 * W + B·A is formed once per step, R·O·I multiply-accumulates against the
 * M·O·I of the product itself, which spares two passes over [M, O] and [M, I].
 * The gradient never forms the [O, I] product dyᵀ·x: dA = (dy·B)ᵀ·x and
 * dB = dyᵀ·(x·Aᵀ) cost R(O + I) per token. Where the backend has a way of its
 * own with frozen matrices, W is left as it is: x·Wᵀ + (x·Aᵀ)·Bᵀ + b.
 *
 * @param x [M, I]
 * @param weight [O, I]
 * @param bias [O]
 * @param A [R, I]
 * @param B [O, R], any scale folded in
 * @returns [M, O]
 */
export function lowRankLinear(x: Tensor, weight: Tensor, bias: Tensor | undefined, A: Tensor, B: Tensor): Tensor {
  return multipliesFrozen() ? besideFrozen(x, weight, bias, A, B) : mergedWithFrozen(x, weight, bias, A, B);
}

function mergedWithFrozen(x: Tensor, weight: Tensor, bias: Tensor | undefined, A: Tensor, B: Tensor): Tensor {
  return withGradient((x: Tensor, A: Tensor, B: Tensor) => {
    const merged = add(weight, matMul(B, A)); // [O, I]
    return {
      value: product(x, merged, bias),
      saved: [merged],
      gradient: (dy, [merged]) => [
        matMul(dy, merged!),
        matMul(matMul(dy, B), x, true, false),
        // (hᵀ·dy)ᵀ rather than dyᵀ·h: products with few rows run faster than products with few columns.
        transpose(matMul(matMul(x, A, false, true), dy, true, false)),
      ],
    };
  })(x, A, B);
}

function besideFrozen(x: Tensor, weight: Tensor, bias: Tensor | undefined, A: Tensor, B: Tensor): Tensor {
  return withGradient((x: Tensor, A: Tensor, B: Tensor) => {
    const h = matMul(x, A, false, true); // [M, R]
    return {
      value: frozenProduct(x, weight, bias, { h, B }),
      saved: [h],
      gradient: (dy, [h]) => {
        const g = matMul(dy, B); // [M, R]
        return [
          frozenProductGradient(dy, weight, { g, A }),
          matMul(g, x, true, false),
          transpose(matMul(h!, dy, true, false)),
        ];
      },
    };
  })(x, A, B);
}

/**
 * A linear map plus an update of few columns, x·Wᵀ + h·Bᵀ + b, differentiable
 * by x, W, h and B: one product over [x | h] and [W | B], which spares two
 * passes over [M, O]. A backend may instead multiply x and W as whole numbers,
 * where both are `onGrid`.
 *
 * @param x [M, I]
 * @param weight [O, I]
 * @param bias [O]
 * @param h [M, R]
 * @param B [O, R]
 * @returns [M, O]
 */
export function linearWithUpdate(x: Tensor, weight: Tensor, bias: Tensor | undefined, h: Tensor, B: Tensor): Tensor {
  return withGradient((x: Tensor, weight: Tensor, h: Tensor, B: Tensor) => {
    const inputs = { x, weight, ...(bias && { bias }), h, B };
    const [value] = fusedKernel("LinearWithUpdate", inputs, {}, () => [
      product(concat([x, h], 1), concat([weight, B], 1), bias),
    ]);
    return {
      value: value!,
      gradient: (dy) => [
        frozenProductGradient(dy, weight),
        matMul(dy, x, true, false),
        matMul(dy, B),
        transpose(matMul(h, dy, true, false)),
      ],
    };
  })(x, weight, h, B);
}
