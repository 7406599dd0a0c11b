import { ops, uniformValues, withGradient } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { checkGradients, createTestContext, expectAllClose, useCpuBackend, valuesOf } from "../src/index.ts";

useCpuBackend();

describe("expectAllClose", () => {
  test("accepts differences within the tolerance", () => {
    expectAllClose([1, 2.00001], [1, 2], { relative: 1e-5, absolute: 0 });
    expectAllClose(ops.tensor([1, 2]), Float32Array.of(1, 2));
  });

  test("names the worst value", () => {
    expect(() => expectAllClose([1, 2.1, 3.01], [1, 2, 3])).toThrow("value 1 of 3 is 2.1, expected 2");
  });

  test("refuses NaN and other lengths", () => {
    expect(() => expectAllClose([Number.NaN], [1])).toThrow("value 0 of 1 is NaN");
    expect(() => expectAllClose([1], [1, 2])).toThrow("number of values");
  });
});

describe("checkGradients", () => {
  test("accepts the gradient of a smooth function of two tensors", () => {
    checkGradients(
      (a, b) => ops.matMul(ops.tanh(a), b),
      [
        { shape: [2, 3], values: Float32Array.of(0.1, -0.4, 0.8, 0.3, -0.2, 0.5) },
        { shape: [3, 2], values: Float32Array.of(1, -1, 0.5, 0.3, 0.9, -0.6) },
      ],
    );
  });

  test("refuses a gradient that is wrong in one component", () => {
    const wrong = withGradient((x) => ({
      value: ops.square(x),
      gradient: (dy) => [ops.mul(dy, ops.mul(x, ops.tensor([2, 2, 2.05])))],
    }));
    expect(() => checkGradients(wrong, [[0.3, 0.7, 0.9]])).toThrow("value 2 of 3");
  });
});

test("a test context draws the noise of its seed, step and path", () => {
  const context = createTestContext("train", { seed: 3, step: 5 });
  expect(valuesOf(context.uniform("site/gates", [2, 2]))).toEqual(
    uniformValues({ seed: 3, step: 5, path: "site/gates" }, 4),
  );
});
