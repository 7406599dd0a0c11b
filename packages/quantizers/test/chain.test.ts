import { hardConcrete } from "@blora/gates";
import { type Gate, PluginError, type Quantizer, type WidthMode } from "@blora/spec";
import { nestedChain, ops, type Tensor, uniformValues, valueAndGradients } from "@blora/tensor";
import { checkGradients, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { bayesianBits, uniform } from "../src/index.ts";

useCpuBackend();
const gate = hardConcrete();
const noNoise = () => expect.fail("noise was drawn");

/** Expected width of units with the given gates. */
function expectedBits({ gates, bitWidths }: Quantizer, logits: Tensor): Tensor {
  const L = bitWidths.length;
  return ops.matMul(gates!.shares(logits, "likely", noNoise), ops.tensor([...bitWidths], [L, 1]));
}

describe("reference values", () => {
  test("at φ = 2 the expectation of 2 to 16 bits is 15.114176525", () => {
    expectAllClose(expectedBits(bayesianBits({ gate }), ops.tensor([[2, 2, 2]])), 15.114176525);
  });

  test("4 to 16 bits at φ = 2 are 4 + p(4 + 8p), p the probability of a gate", () => {
    const p = 1 / (1 + Math.exp(-2 - (2 / 3) * Math.log(11)));
    expectAllClose(expectedBits(bayesianBits({ gate, minBits: 4 }), ops.tensor([[2, 2]])), 4 + p * (4 + 8 * p));
  });

  test("shares are differences of running products", () => {
    const chosen = nestedChain({ ...gate, sample: (logits) => logits }, 4);
    const shares = chosen.shares(ops.tensor([[0.9, 0.5, 0.25]]), "drawn", (shape) => ops.zeros([...shape]));
    expectAllClose(shares, [0.1, 0.45, 0.3375, 0.1125]);
  });

  test("the expectation agrees with finite differences", () => {
    const quantizer = uniform({ bits: [0, 2, 4, 8], gate });
    checkGradients((logits) => expectedBits(quantizer, ops.reshape(logits!, [1, 3])), [[1, -0.5, 0.3]]);
  });
});

test("the first closed gate cuts the widths above it", () => {
  const chain = nestedChain(gate, 4);
  const logits = ops.tensor([
    [6, 6, 6],
    [6, 6, -2],
    [6, -2, 6],
    [-2, 6, 6],
  ]);
  expectAllClose(chain.shares(logits, "decided", noNoise), [0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0], {
    absolute: 0,
  });
});

test("draws reach each width as often as it is likely", () => {
  const N = 20_000;
  const chain = nestedChain(gate, 4);
  const logits = ops.tile(ops.tensor([[1, 0.2, -1]]), [N, 1]);
  const drawn = valuesOf(
    chain.shares(logits, "drawn", (shape) => {
      expect(shape).toEqual([N, 3]);
      return ops.tensor(uniformValues({ seed: 4, step: 0, path: "chain" }, 3 * N), [N, 3]);
    }),
  );
  const likely = valuesOf(chain.shares(ops.tensor([[1, 0.2, -1]]), "likely", noNoise));
  for (let level = 1; level < 4; level++) {
    const atLeast = (shares: ArrayLike<number>, unit: number): number =>
      Array.from({ length: 4 - level }, (_, above) => shares[4 * unit + level + above]!).reduce((a, b) => a + b, 0);
    const reached = Array.from({ length: N }, (_, unit) => atLeast(drawn, unit)).filter((share) => share > 1e-7);
    const p = atLeast(likely, 0);
    expect(Math.abs(reached.length / N - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / N));
  }
});

test("a gate that does not answer entry by entry is named, with what it gave", () => {
  const logits = ops.tensor([[1, 2]]);
  const sharesOf = (part: Partial<Gate>, mode: WidthMode) =>
    uniform({ bits: [0, 2, 4], gate: { ...gate, ...part } }).gates!.shares(logits, mode, (shape) =>
      ops.fill([...shape], 0.5),
    );
  expect(() => sharesOf({ sample: (phi) => ops.reshape(phi, [-1]) }, "drawn")).toThrow(
    "sample of a gate: expected float32 [1, 2], found float32 [2].",
  );
  expect(() => sharesOf({ probabilityOn: (phi) => ops.mean(ops.sigmoid(phi)) }, "likely")).toThrow(
    "probabilityOn of a gate: expected float32 [1, 2], found float32 [].",
  );
  expect(() => sharesOf({ decide: (phi) => ops.greater(phi, 0) }, "decided")).toThrow(PluginError);
});

test("gates start at their own logit, or at the worth of what they open", () => {
  const chain = nestedChain(hardConcrete({ initialLogit: 2 }), 3);
  expect([...chain.init(2)]).toEqual([2, 2, 2, 2]);
  expect([
    ...chain.init(2, [
      [1, -0.5],
      [0.25, -3],
    ]),
  ]).toEqual([1, -0.5, 0.25, -3]);
});

test("a gate far below its decision comes back where the task needs it", () => {
  const quantizer = bayesianBits({ gate });
  const x = ops.tensor([[0.3, -0.3, 0.26, 0.95, -0.5]]);
  let logits: Tensor = ops.tensor([[-3, 6, 6]]);
  for (let step = 0; step < 300; step++) {
    const { gradients } = valueAndGradients(
      (gates) => {
        const shares = quantizer.gates!.shares(gates!, "drawn", (shape) =>
          ops.tensor(uniformValues({ seed: 0, step, path: "x" }, 3), [...shape]),
        );
        const rounded = quantizer.round({ logRange: ops.tensor([0]) }, x, true, { shares });
        return ops.sum(ops.square(ops.sub(rounded, x)));
      },
      [logits],
    );
    logits = ops.sub(logits, ops.mul(gradients[0]!, 2));
  }
  expect(valuesOf(gate.decide(logits))[0]).toBe(1);
});

test("gates of another number than the widths have are refused", () => {
  const { gates } = uniform({ bits: [0, 2, 3, 4, 8], gate });
  expect(() => gates!.shares(ops.tensor([[3, 2, -4]]), "decided", noNoise)).toThrow(
    new RangeError("Expected 4 gates for 5 levels, found 3."),
  );
});
