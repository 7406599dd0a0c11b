import { add, cast, gather, matMul, minimum, mul, reshape, scalar, tensor, zerosLike } from "@tensorflow/tfjs-core";
import { withGradient } from "./autodiff.ts";
import type { Tensor } from "./types.ts";

/** The same values as a constant: no gradient flows back through it, and none is computed. */
export function detached(x: Tensor): Tensor {
  // What happens inside a function with its own gradient is not recorded, and `x` is not among its inputs.
  const constant = withGradient((unused: Tensor) => ({
    value: reshape(x, [...x.shape]),
    gradient: () => [zerosLike(unused)],
  }));
  return constant(scalar(0));
}

/**
 * One row out of each of n equal strata of M rows, from noise u [n] in (0, 1):
 * row ⌊(i + u_i)·M/n⌋ of stratum i. Every row is drawn n/M times on average,
 * whatever n and M; for n = M each is drawn once.
 *
 * @returns int32 [n]
 */
export function stratifiedRows(uniform: Tensor, rows: number): Tensor {
  const count = uniform.shape[0]!;
  const strata = tensor(Float32Array.from({ length: count }, (_, index) => index));
  const places = mul(add(strata, uniform), rows / count);
  // The last place may round up to M itself.
  return cast(minimum(places, rows - 1), "int32");
}

/**
 * `value` [M, …], with a gradient that also reaches what some of its rows were
 * computed from: `sample` [n, …] gets n-th shares of the gradient of those
 * rows, so that on average it is that of all of them.
 *
 * @param rows int32 [n], from `stratifiedRows`
 */
export function withSampledGradient(value: Tensor, sample: Tensor, rows: Tensor): Tensor {
  const scale = value.shape[0]! / rows.shape[0]!;
  return withGradient((value: Tensor, _sample: Tensor) => ({
    value: reshape(value, [...value.shape]),
    gradient: (dy) => [dy, mul(gather(dy, rows), scale)],
  }))(value, sample);
}

/**
 * `product` = x·Wᵀ [M, O], with a gradient that reaches some rows of W: their
 * gradient alone is formed, n·I multiply-accumulates a token instead of O·I.
 *
 * @param x [M, I]
 * @param sample [n, I], rows of W
 * @param rows int32 [n], which rows they are, from `stratifiedRows`
 */
export function withSampledWeightGradient(product: Tensor, x: Tensor, sample: Tensor, rows: Tensor): Tensor {
  const scale = product.shape[1]! / rows.shape[0]!;
  return withGradient((product: Tensor, _sample: Tensor) => ({
    value: reshape(product, [...product.shape]),
    gradient: (dy) => [dy, mul(matMul(gather(dy, rows, 1), x, true, false), scale)],
  }))(product, sample);
}
