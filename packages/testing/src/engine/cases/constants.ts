import { ops } from "@blora/tensor";
import { elementwise, type Float64Tensor } from "../float64.ts";
import { floats, type OpCase } from "../op-case.ts";

const plus =
  (constant: readonly number[]) =>
  (x: Float64Tensor): Float64Tensor =>
    elementwise((x, c) => x + c, x, {
      shape: [2, 3],
      values: Float64Array.from({ length: 6 }, (_, i) => constant[i % constant.length]!),
    });

/** Tensors made inside a step. Each is added to an input, so that the step depends on one. */
export const constantCases: readonly OpCase[] = [
  {
    name: "fill with a number",
    inputs: [floats("fill", [2, 3])],
    compute: (x) => ops.add(x, ops.fill([2, 3], 0.25)),
    reference: plus([0.25]),
  },
  {
    name: "ones",
    inputs: [floats("ones", [2, 3])],
    compute: (x) => ops.add(x, ops.ones([2, 3])),
    reference: plus([1]),
  },
  {
    name: "onesLike",
    inputs: [floats("onesLike", [2, 3])],
    compute: (x) => ops.add(x, ops.onesLike(x)),
    reference: plus([1]),
  },
  {
    name: "zeros",
    inputs: [floats("zeros", [2, 3])],
    compute: (x) => ops.add(x, ops.zeros([2, 3])),
    reference: plus([0]),
  },
  {
    name: "zerosLike",
    inputs: [floats("zerosLike", [2, 3])],
    compute: (x) => ops.add(x, ops.zerosLike(x)),
    reference: plus([0]),
  },
  {
    name: "scalar",
    inputs: [floats("scalar", [2, 3])],
    compute: (x) => ops.add(x, ops.scalar(-1.5)),
    reference: plus([-1.5]),
  },
  {
    name: "tensor of floats",
    inputs: [floats("tensor", [2, 3])],
    compute: (x) => ops.add(x, ops.tensor(Float32Array.of(1, -2, 3, -4, 5, -6), [2, 3])),
    reference: plus([1, -2, 3, -4, 5, -6]),
  },
  {
    name: "tensor of integers, used as indices",
    inputs: [floats("tensor indices", [2, 3])],
    compute: (x) => ops.gather(x, ops.tensor([1, 0], [2], "int32")),
    reference: (x) => ({ shape: [2, 3], values: Float64Array.of(...x.values.slice(3), ...x.values.slice(0, 3)) }),
  },
];
