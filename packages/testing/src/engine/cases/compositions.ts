import { gelu, layerNorm, linear, lowRankLinear, ops, roundStraightThrough, softmax, type Tensor } from "@blora/tensor";
import { elementwise, type Float64Tensor, matrixProduct, permute, reduce, total } from "../float64.ts";
import { floats, integers, type OpCase } from "../op-case.ts";
import { geluFormula, layerNormReference, softmaxReference } from "./references.ts";

const scaled = (x: Float64Tensor, factor: number): Float64Tensor => elementwise((x) => x * Math.fround(factor), x);

/** A function of a hidden value, with its reference. Hidden values are freed early, and gradients need them late. */
const hiddenFunctions: readonly (readonly [string, (x: Tensor) => Tensor, (x: Float64Tensor) => Float64Tensor])[] = [
  ["gelu", gelu, (x) => elementwise(geluFormula, x)],
  ["softmax", softmax, softmaxReference],
  ["square", ops.square, (x) => elementwise((x) => x * x, x)],
  ["matMul by itself", (x) => ops.matMul(x, x, false, true), (x) => matrixProduct(x, x, false, true)],
  ["maximum with its rows turned", (x) => ops.maximum(x, ops.mul(x, -1)), (x) => elementwise(Math.abs, x)],
];

const hiddenCases = hiddenFunctions.map(
  ([name, compute, reference]): OpCase => ({
    name: `${name}, of a hidden value and used twice`,
    inputs: [floats(`hidden ${name}`, [3, 4])],
    compute: (x) => {
      const hidden = ops.mul(x, 0.7);
      return ops.add(compute(ops.add(hidden, 0.1)), ops.sum(compute(hidden)));
    },
    reference: (x) => {
      const hidden = scaled(x, 0.7);
      const shifted = reference(elementwise((x) => x + Math.fround(0.1), hidden));
      return elementwise((a, b) => a + b, shifted, reduce(reference(hidden), total));
    },
  }),
);

/** Ops put together as networks do. */
export const compositionCases: readonly OpCase[] = [
  ...hiddenCases,
  {
    name: "two adapted layers with normalization between them",
    inputs: [
      floats("layers x", [4, 3]),
      floats("layers A", [2, 3]),
      floats("layers B", [3, 2]),
      floats("layers W", [3, 3]),
      floats("layers scale", [3], 0.5, 1.5),
      integers([3, 3], [1, -1, 0, 2, 0, 1, -1, 1, 1]),
    ],
    compute: (x, A, B, weight, scale, frozen) => {
      const hidden = layerNorm(gelu(linear(x, weight)), scale, ops.zeros([3]), 1e-3);
      return lowRankLinear(hidden, ops.cast(frozen, "float32"), undefined, A, B);
    },
    reference: (x, A, B, weight, scale, frozen) => {
      const activated = elementwise(geluFormula, matrixProduct(x, weight, false, true));
      const zeros = elementwise((s) => 0 * s, scale);
      const hidden = layerNormReference(activated, scale, zeros, 1e-3);
      const merged = elementwise((w, update) => w + update, frozen, matrixProduct(B, A));
      return matrixProduct(hidden, merged, false, true);
    },
  },
  {
    name: "attention over two heads, with a mask",
    inputs: [floats("queries", [3, 4]), floats("keys", [3, 4]), floats("attended", [3, 4]), integers([3], [1, 1, 0])],
    compute: (q, k, v, mask) => {
      const heads = (x: Tensor) => ops.transpose(ops.reshape(x, [3, 2, 2]), [1, 0, 2]); // [2, 3, 2]
      const bias = ops.mul(ops.sub(ops.cast(mask, "float32"), 1), 1e4); // [3]
      const scores = ops.add(ops.mul(ops.matMul(heads(q), heads(k), false, true), 0.5), bias); // [2, 3, 3]
      const mixed = ops.matMul(softmax(scores), heads(v)); // [2, 3, 2]
      return ops.reshape(ops.transpose(mixed, [1, 0, 2]), [3, 4]);
    },
    reference: (q, k, v, mask) => {
      const heads = (x: Float64Tensor) => permute({ shape: [3, 2, 2], values: x.values }, [1, 0, 2]);
      const bias = elementwise((m) => (m - 1) * 1e4, mask);
      const scores = elementwise((s, b) => 0.5 * s + b, matrixProduct(heads(q), heads(k), false, true), bias);
      const mixed = matrixProduct(softmaxReference(scores), heads(v));
      return { shape: [3, 4], values: permute(mixed, [1, 0, 2]).values };
    },
  },
  {
    name: "a quantizer that rounds, clips and learns its range",
    inputs: [floats("quantized", [3, 4]), { shape: [], values: Float32Array.of(1.25) }],
    compute: (x, range) => {
      const step = ops.div(range, 7);
      const bounded = ops.minimum(ops.maximum(x, ops.neg(range)), range);
      return ops.mul(roundStraightThrough(ops.div(bounded, step)), step);
    },
    reference: (x, range) =>
      elementwise(
        (x, range) => {
          const step = range / 7;
          return Math.round(Math.min(Math.max(x, -range), range) / step) * step;
        },
        x,
        range,
      ),
    // With the rounding passed straight through, d/dx is 1 inside the range and d/drange is ±1 outside,
    // and inside what rounding added, in units of the range.
    gradient: (dy, x, range) => {
      const r = range!.values[0]!;
      const inside = elementwise((x) => Number(Math.abs(x) < r), x!);
      const byRange = elementwise((x) => {
        if (Math.abs(x) >= r) return Math.sign(x);
        const steps = (7 * x) / r;
        return (Math.round(steps) - steps) / 7;
      }, x!);
      const slope = reduce(
        elementwise((dy, g) => dy * g, dy, byRange),
        total,
      );
      return [elementwise((dy, inside) => dy * inside, dy, inside), slope];
    },
  },
  {
    name: "an embedding that is normalized, pooled and classified",
    inputs: [
      floats("embedding", [5, 4]),
      floats("embedding scale", [4], 0.5, 1.5),
      floats("classifier", [2, 4]),
      integers([2, 3], [4, 0, 4, 1, 4, 2]),
    ],
    compute: (table, scale, classifier, ids) => {
      const rows = ops.reshape(ops.gather(table, ids), [6, 4]);
      const normalized = ops.reshape(layerNorm(rows, scale, ops.zeros([4]), 1e-3), [2, 3, 4]);
      return linear(ops.tanh(ops.mean(normalized, 1)), classifier);
    },
    reference: (table, scale, classifier, ids) => {
      const values = Float64Array.from({ length: 24 }, (_, i) => table.values[ids.values[i >> 2]! * 4 + (i & 3)]!);
      const zeros = elementwise((s) => 0 * s, scale);
      const { values: normalized } = layerNormReference({ shape: [6, 4], values }, scale, zeros, 1e-3);
      const pooled = reduce({ shape: [2, 3, 4], values: normalized }, (rows) => total(rows) / 3, [1]);
      return matrixProduct(elementwise(Math.tanh, pooled), classifier, false, true);
    },
  },
];
