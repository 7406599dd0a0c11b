import type { Float64Tensor } from "./float64.ts";

/** Half the distance between the two points. In double precision the error is about its square. */
const STEP = 1e-4;

/** Gradient of the scalar `loss(...inputs)` by input `position`, by central differences. */
export function finiteDifferences(
  loss: (...inputs: Float64Tensor[]) => number,
  inputs: readonly Float64Tensor[],
  position: number,
): Float64Tensor {
  const { shape, values } = inputs[position]!;
  const lossAt = (element: number, offset: number): number => {
    const moved = values.with(element, values[element]! + offset);
    return loss(...inputs.with(position, { shape, values: moved }));
  };
  const slopes = values.map((_, element) => (lossAt(element, STEP) - lossAt(element, -STEP)) / (2 * STEP));
  return { shape, values: slopes };
}
