import { nestedProduct, nestedShares, ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { checkGradients, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hardConcrete } from "../src/index.ts";

useCpuBackend();

const gate = hardConcrete();
const chain = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 31 });

function runningProducts(gates: readonly number[]): number[] {
  const products = [1];
  for (const gate of gates) products.push(products[products.length - 1]! * gate);
  return products;
}

describe("nestedProduct", () => {
  test("is the running product after a component that is always on", () => {
    expectAllClose(nestedProduct(ops.tensor([0.5, 0.5, 1, 0.25])), [1, 0.5, 0.25, 0.25, 0.0625]);
    fc.assert(
      fc.property(chain, (gates) => expectAllClose(nestedProduct(ops.tensor(gates)), runningProducts(gates))),
      { seed: 1 },
    );
  });

  test("works along the last axis of a batch of chains", () => {
    const batch = ops.tensor([0.5, 0.25, 1, 0], [2, 2]);
    expectAllClose(nestedProduct(batch), [1, 0.5, 0.125, 1, 1, 0]);
  });

  test("has exact gradients, also through gates of exactly 0", () => {
    const gates = [0.9, 0, 0.7, 0, 0.5];
    const { gradients } = valueAndGradients((v) => ops.sum(nestedProduct(v)), [ops.tensor(gates)]);
    // Σ_{i≥k} Π_{j≤i, j≠k} v_j
    const expected = gates.map((_, k) => {
      const others = runningProducts(gates.map((value, j) => (j === k ? 1 : value)));
      return others.slice(k + 1).reduce((sum, value) => sum + value, 0);
    });
    expectAllClose(gradients[0]!, expected);
  });

  test("agrees with finite differences", () => {
    checkGradients(nestedProduct, [[0.9, 0.4, 0.7, 0.2, 0.5, 0.9, 0.3]]);
  });

  test("gates of exactly 0 and 1 give exactly 0 and 1", () => {
    expect(Array.from(valuesOf(nestedProduct(ops.tensor([1, 1, 0, 1, 0, 0]))))).toEqual([1, 1, 1, 0, 0, 0, 0]);
  });
});

/** r̄ = 1 + Σ Π q: component r counts as rank r. */
function expectedRank(logits: Tensor): Tensor {
  const R = logits.shape[0]! + 1;
  const shares = nestedShares(ops.reshape(gate.probabilityOn(logits), [1, R - 1]));
  return ops.sum(ops.mul(shares, ops.tensor(Array.from({ length: R }, (_, index) => index + 1))));
}

/** Components open in evaluation. */
const decidedRank = (logits: readonly number[]): number =>
  valuesOf(ops.sum(nestedProduct(gate.decide(ops.tensor([...logits])))))[0]!;

describe("reference values at φ = [3, 1, -1, 2]", () => {
  const logits = [3, 1, -1, 2];

  test("r̄ is 4.085038709", () => expectAllClose(expectedRank(ops.tensor(logits)), 4.085038709));
  test("the divergence term is 3.085038709", () => {
    const open = nestedProduct(gate.probabilityOn(ops.tensor(logits)));
    expectAllClose(ops.sum(ops.slice(open, [1], [4])), 3.085038709);
  });
  test("the rank of evaluation is 3", () => expect(decidedRank(logits)).toBe(3));
});

test("the expected rank has the gradients of finite differences", () => {
  checkGradients((logits) => expectedRank(logits), [[3, 1, -1, 2, -30, 0.5]]);
});

test("a closed gate kills every later component", () => {
  expect(decidedRank([6, 6, -2, 6, 6, 6, 6])).toBe(3);
  expect(decidedRank([-2, 6])).toBe(1);
  expect(decidedRank([6, 6])).toBe(3);
});
