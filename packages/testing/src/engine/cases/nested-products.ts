import { nestedProduct, nestedShares } from "@blora/tensor";
import { build, type Float64Tensor } from "../float64.ts";
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
    name: "nestedShares of rows of gates",
    inputs: [floats("gates of shares", [3, 4], 0.05, 1)],
    compute: (gates) => nestedShares(gates),
    reference: (gates) => {
      const { shape, values } = runningProducts(gates);
      const L = shape.at(-1)!;
      return { shape, values: values.map((p, index) => p - (index % L === L - 1 ? 0 : values[index + 1]!)) };
    },
  },
];
