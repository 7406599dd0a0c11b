import { linearCrossEntropy, ops, trainedCrossEntropy } from "@blora/tensor";
import { at, elementwise, type Float64Tensor, matrixProduct, reduce, total } from "../float64.ts";
import { floats, integers, type OpCase } from "../op-case.ts";

/** V = 7 rows of H = 3. Whole numbers, so that they are no input to differentiate by. */
const weight = integers([7, 3], [1, -2, 0, 0, 1, 3, -1, -1, 2, 2, 0, -3, 1, 1, 1, 0, -2, 1, 3, 0, -1]);
const bias = integers([7], [0, 1, -1, 2, 0, -2, 1]);
const targets = integers([4], [6, 0, 3, 3]);

function reference(
  x: Float64Tensor,
  weight: Float64Tensor,
  bias: Float64Tensor,
  targets: Float64Tensor,
): Float64Tensor {
  const logits = elementwise((product, b) => product + b, matrixProduct(x, weight, false, true), bias); // [P, V]
  const largest = reduce(logits, (row) => Math.max(...row), [1], true);
  const exponentials = elementwise((logit, m) => Math.exp(logit - m), logits, largest);
  const sums = reduce(exponentials, total, [1]);
  const values = sums.values.map(
    (sum, row) => Math.log(sum) + largest.values[row]! - at(logits, [row, targets.values[row]!]),
  );
  return { shape: sums.shape, values };
}

const inChunks = [1, 3, 7, 100].map(
  (chunk): OpCase => ({
    name: `linearCrossEntropy, ${chunk} of 7 words at a time`,
    inputs: [floats("cross entropy states", [4, 3]), weight, bias, targets],
    compute: (x, weight, bias, targets) =>
      linearCrossEntropy(x, ops.cast(weight, "float32"), ops.cast(bias, "float32"), targets, chunk),
    reference,
  }),
);

const trained = [1, 3, 7].map(
  (chunk): OpCase => ({
    name: `trainedCrossEntropy by states, weight and bias, ${chunk} of 7 words at a time`,
    inputs: [
      floats("cross entropy states", [4, 3]),
      floats("cross entropy weight", [7, 3]),
      floats("cross entropy bias", [7]),
      targets,
    ],
    compute: (x, weight, bias, targets) => trainedCrossEntropy(x, weight, bias, targets, chunk),
    reference,
  }),
);

/** Losses of a large vocabulary, a few rows of it at a time. */
export const crossEntropyCases: readonly OpCase[] = [
  ...inChunks,
  ...trained,
  {
    name: "trainedCrossEntropy without bias, logits hundreds apart",
    inputs: [floats("cross entropy far apart", [4, 3], -150, 150), floats("cross entropy weight", [7, 3]), targets],
    compute: (x, weight, targets) => trainedCrossEntropy(x, weight, undefined, targets, 2),
    reference: (x, weight, targets) => reference(x, weight, { shape: [7], values: new Float64Array(7) }, targets),
  },
  {
    name: "linearCrossEntropy without bias, logits hundreds apart",
    inputs: [floats("cross entropy far apart", [4, 3], -150, 150), weight, targets],
    compute: (x, weight, targets) => linearCrossEntropy(x, ops.cast(weight, "float32"), undefined, targets, 2),
    reference: (x, weight, targets) => reference(x, weight, { shape: [7], values: new Float64Array(7) }, targets),
  },
];
