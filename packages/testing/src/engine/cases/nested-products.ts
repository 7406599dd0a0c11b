import { expectedOpen, nestedExpectation, nestedPenalty, nestedProduct } from "@blora/tensor";
import { build, type Float64Tensor, total } from "../float64.ts";
import { floats, type OpCase } from "../op-case.ts";

/** [..., G] to [..., G + 1]: 1, then the running products. */
function runningProducts(gates: Float64Tensor): Float64Tensor {
  const gateCount = gates.shape.at(-1)!;
  const rows = gates.values.length / gateCount;
  const { values } = build([rows, gateCount + 1], ([row, component]) =>
    gates.values.slice(row! * gateCount, row! * gateCount + component!).reduce((product, gate) => product * gate, 1),
  );
  return { shape: [...gates.shape.slice(0, -1), gateCount + 1], values };
}

const scalar = (value: number): Float64Tensor => ({ shape: [], values: Float64Array.of(value) });
const probabilities = floats("gate probabilities", [4], 0.1, 0.95);

/** Chains of gates: each open only while all before it are. */
export const nestedProductCases: readonly OpCase[] = [
  {
    name: "nestedProduct of rows of gates",
    inputs: [floats("gates", [3, 4], 0.05, 1)],
    compute: (gates) => nestedProduct(gates),
    reference: runningProducts,
  },
  {
    name: "nestedProduct of one chain",
    inputs: [floats("chain of gates", [5], 0.05, 1)],
    compute: (gates) => nestedProduct(gates),
    reference: runningProducts,
  },
  {
    name: "nestedProduct of gates that are all the way open or closed",
    inputs: [{ shape: [4, 3], values: Float32Array.of(1, 1, 1, 1, 0, 1, 0, 0.5, 0.25, 0, 1, 0) }],
    compute: (gates) => nestedProduct(gates),
    reference: runningProducts,
  },
  {
    name: "nestedExpectation of bit widths",
    inputs: [probabilities],
    compute: (q) => nestedExpectation(q, [2, 4, 8, 16, 32]),
    reference: (q) => {
      const increments = [2, 2, 4, 8, 16];
      return scalar(total([...runningProducts(q).values].map((product, index) => product * increments[index]!)));
    },
  },
  {
    name: "expectedOpen of a chain",
    inputs: [probabilities],
    compute: (q) => expectedOpen(q),
    reference: (q) => scalar(total([...runningProducts(q).values])),
  },
  {
    name: "nestedPenalty of a chain",
    inputs: [probabilities],
    compute: (q) => nestedPenalty(q),
    reference: (q) => scalar(total([...runningProducts(q).values]) - 1),
  },
];
