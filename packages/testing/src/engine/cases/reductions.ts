import { layerNorm, ops, softmax, softmaxCrossEntropy, type Tensor } from "@blora/tensor";
import { elementwise, type Float64Tensor, reduce, total } from "../float64.ts";
import { floats, type OpCase } from "../op-case.ts";
import { layerNormReference, softmaxReference } from "./references.ts";

type Reduction = readonly [
  compute: (x: Tensor, axis?: number | number[], keepAxes?: boolean) => Tensor,
  formula: (elements: readonly number[]) => number,
];

const reductions: Readonly<Record<string, Reduction>> = {
  max: [ops.max, (elements) => Math.max(...elements)],
  mean: [ops.mean, (elements) => total(elements) / elements.length],
  sum: [ops.sum, total],
};

const axes: readonly (readonly number[] | undefined)[] = [undefined, [0], [1], [-1], [0, 2], [1, 2], [0, 1, 2]];

const plainReductions: readonly OpCase[] = Object.entries(reductions).flatMap(([name, [compute, formula]]) =>
  axes.flatMap((axis) =>
    [false, true].map((keepAxes) => ({
      name: `${name} over ${axis ? `axes [${axis}]` : "all axes"}${keepAxes ? ", kept" : ""}`,
      inputs: [floats(name, [2, 3, 4])],
      compute: (x: Tensor) => compute(x, axis && [...axis], keepAxes),
      reference: (x: Float64Tensor) => reduce(x, formula, axis, keepAxes),
    })),
  ),
);

/** Ops that combine the elements of an axis. */
export const reductionCases: readonly OpCase[] = [
  ...plainReductions,
  ...[false, true].map((keepAxes) => ({
    name: `sum of tall and narrow columns${keepAxes ? ", kept" : ""}`,
    inputs: [floats("tall", [300, 3])],
    compute: (x: Tensor) => ops.sum(x, 0, keepAxes),
    reference: (x: Float64Tensor) => reduce(x, total, [0], keepAxes),
  })),
  {
    name: "sum of a scalar",
    inputs: [floats("scalar", [])],
    compute: (x) => ops.sum(x),
    reference: (x) => x,
  },
  {
    name: "softmax of [3, 5]",
    inputs: [floats("softmax", [3, 5], -4, 4)],
    compute: (x) => softmax(x),
    reference: softmaxReference,
  },
  {
    name: "softmax of [2, 2, 3, 4]",
    inputs: [floats("softmax 4-D", [2, 2, 3, 4], -4, 4)],
    compute: (x) => softmax(x),
    reference: softmaxReference,
  },
  {
    name: "softmax with masked places",
    inputs: [{ shape: [2, 3], values: Float32Array.of(0.5, -3.4e38, 1, -3.4e38, 2, -3.4e38) }],
    compute: (x) => softmax(x),
    reference: softmaxReference,
    gradient: "none",
  },
  {
    name: "softmaxCrossEntropy of [4, 3] and soft targets",
    inputs: [
      floats("logits", [4, 3], -4, 4),
      { shape: [4, 3], values: Float32Array.of(1, 0, 0, 0, 1, 0, 0.25, 0.25, 0.5, 0, 0, 1) },
    ],
    compute: (logits, targets) => softmaxCrossEntropy(logits, targets),
    reference: (logits, targets) =>
      reduce(
        elementwise((p, target) => -target * Math.log(p), softmaxReference(logits), targets),
        total,
        [-1],
      ),
    gradient: (dy, logits, targets) => {
      const p = softmaxReference(logits);
      const rows = { shape: [dy.shape[0]!, 1], values: dy.values };
      return [
        elementwise((p, target, dy) => dy * (p - target), p, targets, rows),
        elementwise((p, dy) => -dy * Math.log(p), p, rows),
      ];
    },
  },
  {
    name: "softmaxCrossEntropy of logits far apart",
    inputs: [
      { shape: [2, 3], values: Float32Array.of(100, 0, -100, -50, 50, 0) },
      { shape: [2, 3], values: Float32Array.of(0, 1, 0, 1, 0, 0) },
    ],
    compute: (logits, targets) => softmaxCrossEntropy(logits, targets),
    reference: () => ({ shape: [2], values: Float64Array.of(100, 100) }),
    gradient: "none",
  },
  {
    name: "layerNorm of [4, 6]",
    inputs: [floats("layerNorm", [4, 6]), floats("scale", [6], 0.5, 1.5), floats("shift", [6])],
    compute: (x, scale, shift) => layerNorm(x, scale, shift, 1e-7),
    reference: (x, scale, shift) => layerNormReference(x, scale, shift, 1e-7),
  },
  {
    name: "layerNorm of nearly constant rows",
    inputs: [floats("nearly constant", [2, 4], 1, 1.01), floats("scale", [4], 0.5, 1.5), floats("shift", [4])],
    compute: (x, scale, shift) => layerNorm(x, scale, shift, 1e-3),
    reference: (x, scale, shift) => layerNormReference(x, scale, shift, 1e-3),
  },
];
