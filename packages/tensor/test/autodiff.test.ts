import { describe, expect, test } from "vitest";
import { ops, roundStraightThrough, type Tensor, valueAndGradients, withGradient } from "../src/index.ts";
import { expectValues, useCpu } from "./support.ts";

useCpu();

/** x², with a gradient that is wrong on purpose, so that it shows which one was used. */
const oddSquare = withGradient((x: Tensor) => ({
  value: ops.square(x),
  gradient: (dy) => [ops.mul(dy, ops.mul(x, 10))],
}));

describe("withGradient", () => {
  test("uses the gradient it was given", () => {
    const { value, gradients } = valueAndGradients((x) => ops.sum(oddSquare(x!)), [ops.tensor([1, -2])]);
    expectValues(value, [5]);
    expectValues(gradients[0], [10, -20]);
  });

  test("follows the chain rule on both sides", () => {
    const { gradients } = valueAndGradients((x) => ops.sum(ops.square(oddSquare(ops.mul(x!, 3)))), [ops.tensor([1])]);
    // h = 3x, y = h², L = y²: dL/dy = 2·9, dy/dh := 10·3, dh/dx = 3.
    expectValues(gradients[0], [18 * 30 * 3]);
  });

  test("adds up the gradients of a tensor used several times", () => {
    const { gradients } = valueAndGradients((x) => ops.sum(ops.add(oddSquare(x!), oddSquare(x!))), [ops.tensor([2])]);
    expectValues(gradients[0], [40]);
  });

  test("hands what was saved to the gradient", () => {
    const cube = withGradient((x: Tensor) => {
      const square = ops.square(x);
      return { value: ops.mul(square, x), saved: [square], gradient: (dy, [s]) => [ops.mul(dy, ops.mul(s!, 3))] };
    });
    const { gradients } = valueAndGradients((x) => ops.sum(cube(ops.add(x!, 1))), [ops.tensor([1, -3])]);
    expectValues(gradients[0], [12, 12]);
  });
});

describe("valueAndGradients", () => {
  test("gives zeros for a variable the loss does not depend on", () => {
    const { gradients } = valueAndGradients((x) => ops.sum(x!), [ops.tensor([1, 2]), ops.tensor([3, 4], [1, 2])]);
    expectValues(gradients[0], [1, 1]);
    expectValues(gradients[1], [0, 0]);
    expect(gradients[1]!.shape).toEqual([1, 2]);
  });

  test("gives every variable the gradient at its own place", () => {
    const { gradients } = valueAndGradients(
      (a, b, c) => ops.sum(ops.mul(ops.mul(a!, b!), c!)),
      [ops.scalar(2), ops.scalar(3), ops.scalar(5)],
    );
    expect(gradients.map((gradient) => gradient.dataSync()[0])).toEqual([15, 10, 6]);
  });
});

test("roundStraightThrough rounds halves to even and lets the gradient through", () => {
  const x = ops.tensor([-1.5, -0.5, 0.5, 1.5, 2.5, 0.2]);
  expect([...roundStraightThrough(x).dataSync()].map((value) => value + 0)).toEqual([-2, 0, 0, 2, 2, 0]);
  const { gradients } = valueAndGradients((x) => ops.sum(ops.mul(roundStraightThrough(x!), 3)), [x]);
  expectValues(gradients[0], [3, 3, 3, 3, 3, 3]);
});

describe("ops that broadcast", () => {
  const x = () => ops.tensor([1, 5, -2, 0.5], [2, 2]);

  test("give a broadcast maximum its summed gradient, and ties to the first", () => {
    const { value, gradients } = valueAndGradients((a, b) => ops.sum(ops.maximum(a!, b!)), [x(), ops.tensor([1, 2])]);
    expectValues(value, [1 + 5 + 1 + 2]);
    expectValues(gradients[0], [1, 1, 0, 0]);
    expectValues(gradients[1], [1, 1]);
  });

  test("give a broadcast minimum its summed gradient, and ties to the second", () => {
    const { value, gradients } = valueAndGradients((a, b) => ops.sum(ops.minimum(a!, b!)), [x(), ops.scalar(1)]);
    expectValues(value, [1 + 1 - 2 + 0.5]);
    expectValues(gradients[0], [0, 0, 1, 1]);
    expectValues(gradients[1], [2]);
  });

  test("give the matrix shared by a batch the sum of its gradients", () => {
    const batch = ops.tensor([1, 2, 3, 4], [2, 1, 2]);
    const { gradients } = valueAndGradients(
      (a, b) => ops.sum(ops.matMul(a!, b!)),
      [batch, ops.tensor([1, -1], [2, 1])],
    );
    expectValues(gradients[0], [1, -1, 1, -1]);
    expectValues(gradients[1], [4, 6]);
  });
});
