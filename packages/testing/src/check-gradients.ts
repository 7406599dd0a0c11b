import { type HostTensor, normalValues, ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { finiteDifferences } from "./finite-differences.ts";
import { expectAllClose, type Tolerance, toTensor, valuesOf } from "./values.ts";

/** A scalar, a vector, or a tensor with its shape. */
export type GradientInput = number | readonly number[] | HostTensor;

export interface GradientCheck extends Tolerance {
  /** Distance between the points of the stencil. Default 0.02. Must be smaller than half the way to the nearest kink. */
  readonly step?: number;
  /** Which inputs are checked; all by default. */
  readonly inputs?: readonly number[];
}

/**
 * Compares the gradients of `compute` with five-point finite differences. A
 * tensor result is reduced by fixed random weights, so no component can hide
 * behind another. Runs eagerly: call `useCpuBackend` first.
 *
 * Defaults suit float32 functions whose values are about 1: relative and
 * absolute tolerance 1e-3.
 */
export function checkGradients(
  compute: (...inputs: Tensor[]) => Tensor,
  inputs: readonly GradientInput[],
  options: GradientCheck = {},
): void {
  const { step = 0.02, relative = 1e-3, absolute = 1e-3 } = options;
  const points = inputs.map(toTensor);
  const shape = compute(...points).shape;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const weights = normalValues({ seed: 1, step: 0, path: "check-gradients" }, size);
  const weightTensor = ops.tensor(weights, shape);
  const { gradients } = valueAndGradients((...args) => ops.sum(ops.mul(compute(...args), weightTensor)), points);

  // Summed in float64: the float32 sum of many values would drown the differences.
  const evaluate = (moved: readonly Tensor[]): number => {
    const values = valuesOf(compute(...moved));
    return weights.reduce((total, weight, index) => total + weight * values[index]!, 0);
  };
  for (const index of options.inputs ?? points.keys()) {
    const centre = Float32Array.from(valuesOf(points[index]!));
    const at = (entry: number, offset: number): number => {
      const moved = ops.tensor(centre.with(entry, centre[entry]! + offset), points[index]!.shape);
      return evaluate(points.with(index, moved));
    };
    const numeric = finiteDifferences(centre.length, step, at);
    expectAllClose(gradients[index]!, numeric, { relative, absolute });
  }
}
