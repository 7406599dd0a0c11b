import {
  clippedRounding,
  detached,
  linearWithUpdate,
  onGrid,
  ops,
  passInside,
  rowsOf,
  stratifiedRows,
  type Tensor,
  withGradient,
  withSampledGradient,
  withSampledWeightGradient,
} from "@blora/tensor";
import { elementwise, type Float64Tensor, matrixProduct } from "../float64.ts";
import { floats, integers, type OpCase } from "../op-case.ts";

const STEP = 0.25;
const LIMIT = 1.1875; // 4 steps and three quarters: no tie
const ROWS = [0, 2, 2];

function roundingCase(signed: boolean): OpCase {
  const inside = (x: number): boolean => x <= LIMIT && x > (signed ? -LIMIT : 0);
  return {
    name: `clippedRounding with passInside, ${signed ? "signed" : "unsigned"}`,
    inputs: [floats(`clippedRounding ${signed}`, [3, 5])],
    compute: withGradient((x: Tensor) => {
      const { value, clipped } = clippedRounding(x, ops.scalar(STEP), ops.scalar(LIMIT), signed);
      return { value, saved: [x, clipped], gradient: (dy, [x, clipped]) => [passInside(dy, x!, clipped!)] };
    }),
    reference: (x) =>
      elementwise((x) => STEP * Math.round(Math.min(Math.max(x, signed ? -LIMIT : 0), LIMIT) / STEP), x),
    gradient: (dy, x) => [elementwise((dy, x) => (inside(x) ? dy : 0), dy, x!)],
  };
}

/** Rows or columns of a matrix by their indices, times a factor. */
function chosen(
  { shape, values }: Float64Tensor,
  axis: 0 | 1,
  indices: readonly number[],
  factor: number,
): Float64Tensor {
  const [, columns] = shape as [number, number];
  const [M, N] = axis === 0 ? [indices.length, columns] : [shape[0]!, indices.length];
  const at = (m: number, n: number) =>
    axis === 0 ? values[indices[m]! * columns + n]! : values[m * columns + indices[n]!]!;
  return {
    shape: [M, N],
    values: Float64Array.from({ length: M * N }, (_, index) => factor * at(Math.floor(index / N), index % N)),
  };
}

/** How a frozen weight and activations are rounded, and how what rounds them is trained. */
export const largeOperandCases: readonly OpCase[] = [
  roundingCase(true),
  roundingCase(false),
  {
    name: "onGrid, a step for each row",
    inputs: [integers([2, 3], [-128, 0, 127, 5, -7, 1]), floats("onGrid", [2, 1])],
    compute: (codes, steps) => onGrid(ops.cast(codes, "float32"), steps, { bits: 8, signed: true, offset: 0 }),
    reference: (codes, steps) => elementwise((code, step) => code * step, codes, steps),
    gradient: "none",
  },
  {
    name: "linearWithUpdate of four rows",
    inputs: [
      floats("updated x", [4, 3]),
      floats("updated W", [5, 3]),
      floats("updated h", [4, 2]),
      floats("updated B", [5, 2]),
    ],
    compute: (x, weight, h, B) => linearWithUpdate(x, weight, undefined, h, B),
    reference: (x, weight, h, B) =>
      elementwise((a, b) => a + b, matrixProduct(x, weight, false, true), matrixProduct(h, B, false, true)),
  },
  {
    name: "withSampledGradient of three of four rows, one of them twice",
    inputs: [floats("sampled value", [4, 3]), floats("sample", [3, 3]), integers([3], ROWS)],
    compute: withSampledGradient,
    reference: (value) => value,
    gradient: (dy) => [dy, chosen(dy, 0, ROWS, 4 / 3)],
  },
  {
    name: "withSampledWeightGradient of three of four rows of a weight",
    inputs: [
      floats("sampled product", [2, 4]),
      floats("sampled x", [2, 3]),
      floats("sampled weight", [3, 3]),
      integers([3], ROWS),
    ],
    compute: withSampledWeightGradient,
    reference: (product) => product,
    gradient: (dy, _product, x) => [
      dy,
      elementwise((x) => 0 * x, x!),
      matrixProduct(chosen(dy, 1, ROWS, 4 / 3), x!, true, false),
    ],
  },
  {
    name: "stratifiedRows, three of seven",
    inputs: [{ shape: [3], values: Float32Array.of(0.9, 0.1, 0.999) }],
    compute: (uniform) => ops.cast(stratifiedRows(uniform, 7), "float32"),
    reference: () => ({ shape: [3], values: Float64Array.of(2, 2, 6) }),
    gradient: "none",
  },
  {
    name: "detached, beside the value itself",
    inputs: [floats("detached", [2, 3])],
    compute: (x) => ops.mul(detached(x), x),
    reference: (x) => elementwise((x) => x * x, x),
    gradient: (dy, x) => [elementwise((dy, x) => dy * x, dy, x!)],
  },
  {
    name: "rowsOf a matrix, the second twice",
    inputs: [floats("rowsOf", [3, 4])],
    compute: (x) => {
      const [first, second, third] = rowsOf(x) as [Tensor, Tensor, Tensor];
      return ops.concat([third, second, second, first], 0);
    },
    reference: (x) => chosen(x, 0, [2, 1, 1, 0], 1),
  },
];
