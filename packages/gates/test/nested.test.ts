import { ops, valueAndGradients } from "@blora/tensor";
import { checkGradients, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectedOpen, hardConcrete, nestedPenalty, nestedProduct, nestedRank } from "../src/index.ts";

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
    fc.assert(fc.property(chain, (gates) => expectAllClose(nestedProduct(ops.tensor(gates)), runningProducts(gates))));
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

describe("reference values at φ = [3, 1, -1, 2]", () => {
  const logits = [3, 1, -1, 2];
  const probabilities = () => gate.probabilityOn(ops.tensor(logits));

  test("r̄ is 4.085038709", () => expectAllClose(expectedOpen(probabilities()), 4.085038709));
  test("the divergence term is 3.085038709", () => expectAllClose(nestedPenalty(probabilities()), 3.085038709));
  test("the hard rank is 3", () => expect(nestedRank(logits, gate)).toBe(3));
});

test("the expected rank has the gradients of finite differences", () => {
  checkGradients((logits) => expectedOpen(gate.probabilityOn(logits)), [[3, 1, -1, 2, -30, 0.5]]);
});

test("a closed gate kills every later component", () => {
  expect(nestedRank([6, 6, -2, 6, 6, 6, 6], gate)).toBe(3);
  expect(nestedRank([-2, 6], gate)).toBe(1);
  expect(nestedRank([], gate)).toBe(1);
  expect(nestedRank([6, 6], gate)).toBe(3);
});

test("the hard rank is the number of ones in the evaluation chain", () => {
  fc.assert(
    fc.property(fc.array(fc.float({ min: -6, max: 6, noNaN: true }), { minLength: 1, maxLength: 15 }), (logits) => {
      const open = Array.from(valuesOf(nestedProduct(gate.mode(ops.tensor(logits)))));
      expect(open.reduce((sum, value) => sum + value, 0)).toBe(nestedRank(Float32Array.from(logits), gate));
    }),
  );
});
