import { ops, type Tensor } from "@blora/tensor";
import { at, build, elementwise, type Float64Tensor } from "../float64.ts";
import { awayFromZero, floats, integers, type OpCase } from "../op-case.ts";

const picked = (x: Float64Tensor, indices: Float64Tensor, axis: number): Float64Tensor =>
  build([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], (index) => {
    const place = index.slice(axis, axis + indices.shape.length);
    return at(x, [...index.slice(0, axis), at(indices, place), ...index.slice(axis + indices.shape.length)]);
  });

type Comparison = readonly [(x: Tensor, y: Tensor) => Tensor, (x: number, y: number) => boolean];

const comparisons: Readonly<Record<string, Comparison>> = {
  equal: [ops.equal, (x, y) => x === y],
  greater: [ops.greater, (x, y) => x > y],
  greaterEqual: [ops.greaterEqual, (x, y) => x >= y],
  less: [ops.less, (x, y) => x < y],
  lessEqual: [ops.lessEqual, (x, y) => x <= y],
};

const comparisonCases: readonly OpCase[] = Object.entries(comparisons).flatMap(([name, [compare, formula]]) => [
  {
    name: `${name} of floats, some of them equal`,
    inputs: [
      { shape: [2, 3], values: Float32Array.of(-1, 0, 1, 2, 0.5, -0.5) },
      { shape: [3], values: Float32Array.of(-1, 0.5, 0) },
    ],
    compute: (x: Tensor, y: Tensor) => ops.cast(compare(x, y), "float32"),
    reference: (x: Float64Tensor, y: Float64Tensor) => elementwise((x, y) => Number(formula(x, y)), x, y),
    gradient: "none" as const,
  },
  {
    name: `${name} of integers as a mask`,
    inputs: [floats(`${name} values`, [2, 3]), integers([2, 3], [0, 1, 2, 2, 1, 0]), integers([3], [1, 1, 1])],
    compute: (x: Tensor, left: Tensor, right: Tensor) => ops.mul(x, ops.cast(compare(left, right), "float32")),
    reference: (x: Float64Tensor, left: Float64Tensor, right: Float64Tensor) =>
      elementwise((x, left, right) => x * Number(formula(left, right)), x, left, right),
  },
]);

const bits = [integers([2, 2], [0, 0, 1, 1]), integers([2, 2], [0, 1, 0, 1])];

const logicCases: readonly OpCase[] = (
  [
    ["logicalAnd", ops.logicalAnd, (x, y) => x * y],
    ["logicalOr", ops.logicalOr, (x, y) => Math.max(x, y)],
    ["logicalNot", (x) => ops.logicalNot(x), (x) => 1 - x],
  ] as readonly (readonly [string, (x: Tensor, y: Tensor) => Tensor, (x: number, y: number) => number])[]
).map(([name, compute, formula]) => ({
  name: `${name} of every pair`,
  inputs: bits,
  compute: (x, y) => ops.cast(compute(ops.cast(x, "bool"), ops.cast(y, "bool")), "float32"),
  reference: (x, y) => elementwise(formula, x, y),
  gradient: "none" as const,
}));

/** Ops that choose elements, and the masks that choose them. */
export const indexingCases: readonly OpCase[] = [
  ...comparisonCases,
  ...logicCases,
  {
    name: "gather of rows, some of them repeated",
    inputs: [floats("gather", [4, 3]), integers([6], [3, 0, 3, 1, 3, 0])],
    compute: (x, indices) => ops.gather(x, indices),
    reference: (x, indices) => picked(x, indices, 0),
  },
  {
    name: "gather of rows by a table of indices",
    inputs: [floats("gather table", [5, 2]), integers([2, 3], [4, 4, 0, 1, 4, 2])],
    compute: (x, indices) => ops.gather(x, indices),
    reference: (x, indices) => picked(x, indices, 0),
  },
  {
    name: "gather of columns, some of them repeated",
    inputs: [floats("gather columns", [2, 4]), integers([3], [2, 2, 0])],
    compute: (x, indices) => ops.gather(x, indices, 1),
    reference: (x, indices) => picked(x, indices, 1),
  },
  {
    name: "gather along the middle axis",
    inputs: [floats("gather middle", [2, 3, 2]), integers([4], [1, 1, 2, 0])],
    compute: (x, indices) => ops.gather(x, indices, 1),
    reference: (x, indices) => picked(x, indices, 1),
  },
  {
    name: "gather from a vector",
    inputs: [floats("gather vector", [5]), integers([3], [4, 0, 4])],
    compute: (x, indices) => ops.gather(x, indices),
    reference: (x, indices) => picked(x, indices, 0),
  },
  {
    name: "where by a mask",
    inputs: [floats("where yes", [2, 3]), floats("where no", [2, 3]), integers([2, 3], [1, 0, 0, 1, 1, 0])],
    compute: (x, y, mask) => ops.where(ops.cast(mask, "bool"), x, y),
    reference: (x, y, mask) => elementwise((x, y, mask) => (mask === 1 ? x : y), x, y, mask),
  },
  {
    name: "where with a mask and a value that broadcast",
    inputs: [floats("where broadcast", [2, 3]), floats("where other", []), integers([2, 1], [0, 1])],
    compute: (x, y, mask) => ops.where(ops.cast(mask, "bool"), x, y),
    reference: (x, y, mask) => elementwise((x, y, mask) => (mask === 1 ? x : y), x, y, mask),
  },
  {
    name: "oneHot of classes",
    inputs: [integers([4], [2, 0, 1, 2])],
    compute: (classes) => ops.cast(ops.oneHot(classes, 3), "float32"),
    reference: (classes) => build([4, 3], ([row, column]) => Number(classes.values[row!] === column)),
    gradient: "none",
  },
  {
    name: "cast of integers to floats",
    inputs: [integers([4], [-3, 0, 7, 123456]), floats("cast", [4])],
    compute: (whole, x) => ops.mul(x, ops.cast(whole, "float32")),
    reference: (whole, x) => elementwise((whole, x) => whole * x, whole, x),
  },
  {
    name: "cast of floats to integers drops the fraction",
    inputs: [{ shape: [6], values: Float32Array.of(-2.7, -0.4, 0.9, 1.5, 2, 30.2) }],
    compute: (x) => ops.cast(ops.cast(x, "int32"), "float32"),
    reference: (x) => elementwise((x) => Math.trunc(x) + 0, x),
    gradient: "none",
  },
  {
    name: "cast of floats to truth is any value but zero",
    inputs: [{ shape: [4], values: Float32Array.of(-2, 0, 0.25, 1) }],
    compute: (x) => ops.cast(ops.cast(x, "bool"), "float32"),
    reference: (x) => elementwise((x) => Number(x !== 0), x),
    gradient: "none",
  },
  {
    name: "add and mul of integers",
    inputs: [integers([3], [1, 2, 3]), integers([1], [4]), floats("integer maths", [3])],
    compute: (x, y, scale) => ops.mul(scale, ops.cast(ops.mul(ops.add(x, y), y), "float32")),
    reference: (x, y, scale) => elementwise((x, y, scale) => scale * (x + y) * y, x, y, scale),
  },
  {
    name: "step as a mask that carries no gradient",
    inputs: [awayFromZero("mask", [2, 3])],
    compute: (x) => ops.mul(x, ops.step(x)),
    reference: (x) => elementwise((x) => (x > 0 ? x : 0), x),
  },
];
