import { describe, expect, test } from "vitest";
import {
  gelu,
  layerNorm,
  linearWithUpdate,
  lowRankLinear,
  ops,
  softmax,
  softmaxCrossEntropy,
  type Tensor,
  valueAndGradients,
} from "../src/index.ts";
import { expectValues, useCpu } from "./support.ts";

// Values and gradients of PyTorch 2 in float64: layer_norm, gelu, softmax, cross_entropy and x @ (W + B @ A).T + b.

useCpu();

const dy = () => ops.tensor([1, -2, 0.5, 0.25, 1, -1], [2, 3]);

function gradientsOf(
  compute: (...inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  dy: Tensor,
): Tensor[] {
  return valueAndGradients((...variables) => ops.sum(ops.mul(compute(...variables), dy)), inputs).gradients;
}

test("layerNorm has the values and gradients of PyTorch's", () => {
  const inputs = [
    ops.tensor([0.5, -1.25, 2, 3, 0.1, -0.4], [2, 3]),
    ops.tensor([1.5, -0.5, 2]),
    ops.tensor([0.1, 0.2, -0.3]),
  ];
  const compute = (...[x, scale, shift]: readonly Tensor[]) => layerNorm(x!, scale!, shift!, 1e-3);
  expectValues(compute(...inputs), [0.194091703, 0.827278019, 2.08365647, 2.20108974, 0.466805046, -2.0342328]);
  const [dx, scale, shift] = gradientsOf(compute, inputs, dy());
  expectValues(dx, [0.250417568, -0.115582807, -0.134834761, -0.0641821175, 0.438686339, -0.374504222]);
  expectValues(scale, [0.412909425, 1.97550199, 1.46303052]);
  expectValues(shift, [1.25, -1, -0.5]);
});

test("layerNorm of a constant row is the shift, with finite gradients", () => {
  const inputs = [ops.tensor([3, 3, 3], [1, 3]), ops.ones([3]), ops.tensor([1, 2, 3])];
  const compute = (...[x, scale, shift]: readonly Tensor[]) => layerNorm(x!, scale!, shift!, 1e-7);
  expectValues(compute(...inputs), [1, 2, 3]);
  const [dx] = gradientsOf(compute, inputs, ops.ones([1, 3]));
  expectValues(dx, [0, 0, 0]);
});

test("gelu has the values and gradients of PyTorch's exact form", () => {
  const x = ops.tensor([-3, -1, -0.1, 0, 0.5, 2, 6]);
  expectValues(gelu(x), [-0.00404969409, -0.158655254, -0.0460172163, 0, 0.345731231, 1.95449974, 5.99999999]);
  const [dx] = gradientsOf((x) => gelu(x!), [x], ops.onesLike(x));
  expectValues(dx, [-0.0119456472, -0.0833154706, 0.420476908, 0.5, 0.867495125, 1.0852318, 1.00000004]);
});

describe("softmax", () => {
  const logits = () => ops.tensor([1, 2, -1, 0, 0, 10], [2, 3]);

  test("has the values and gradients of PyTorch's", () => {
    expectValues(softmax(logits()), [0.25949646, 0.705384513, 0.035119027, 4.53958078e-5, 4.53958078e-5, 0.999909208]);
    const [dx] = gradientsOf((x) => softmax(x!), [logits()], dy());
    expectValues(dx, [0.553690984, -0.611065397, 0.0573744127, 5.67380623e-5, 9.07849181e-5, -0.00014752298]);
  });

  test("survives logits that overflow an exponential", () => {
    expectValues(softmax(ops.tensor([1000, 999, -1000], [1, 3])), [0.731058579, 0.268941421, 0]);
  });

  test("cross entropy has the values and gradients of PyTorch's", () => {
    const targets = ops.tensor([0, 1, 0, 0.5, 0.5, 0], [2, 3]);
    expectValues(softmaxCrossEntropy(logits(), targets), [0.349012217, 10.0000908]);
    const [dx] = gradientsOf((x) => softmaxCrossEntropy(x!, targets), [logits()], ops.tensor([1, 3]));
    expectValues(dx, [0.25949646, -0.294615487, 0.035119027, -1.49986381, -1.49986381, 2.99972763]);
  });
});

test("lowRankLinear has the values and gradients of the product it stands for", () => {
  const weight = ops.tensor([1, 2, -1, 0.5, 0.25, -3], [3, 2]);
  const bias = ops.tensor([0.1, 0.2, 0.3]);
  const inputs = [ops.tensor([1, -2, 0.5, 3], [2, 2]), ops.tensor([2, -1], [1, 2]), ops.tensor([0.5, 1, -1.5], [3, 1])];
  const compute = (...[x, A, B]: readonly Tensor[]) => lowRankLinear(x!, weight, bias, A!, B!);
  expectValues(compute(...inputs), [-0.9, 2.2, 0.55, 5.6, -0.8, -5.575]);
  const [dx, dA, dB] = gradientsOf(compute, inputs, ops.tensor([1, 2, -1, 0.5, -0.5, 3], [2, 3]));
  expectValues(dx, [6.75, 2, -7.75, -3.5]);
  expectValues(dA, [1.625, -22.25]);
  expectValues(dB, [3, 9, -10]);
  expect(dB!.shape).toEqual([3, 1]);
});

test("linearWithUpdate has the values and gradients of the sum it stands for", () => {
  const bias = ops.tensor([0.1, 0.2, 0.3]);
  const inputs = [
    ops.tensor([1, -2, 0.5, 3], [2, 2]),
    ops.tensor([1, 2, -1, 0.5, 0.25, -3], [3, 2]),
    ops.tensor([4, -2], [2, 1]),
    ops.tensor([0.5, 1, -1.5], [3, 1]),
  ];
  const compute = (...[x, W, h, B]: readonly Tensor[]) => linearWithUpdate(x!, W!, bias, h!, B!);
  expectValues(compute(...inputs), [-0.9, 2.2, 0.55, 5.6, -0.8, -5.575]);
  const [dx, dW, dh, dB] = gradientsOf(compute, inputs, ops.tensor([1, 2, -1, 0.5, -0.5, 3], [2, 3]));
  expectValues(dx, [-1.25, 6, 1.75, -8.25]);
  expectValues(dW, [1.25, -0.5, 1.75, -5.5, 0.5, 11]);
  expectValues(dh, [4, -4.75]);
  expectValues(dB, [3, 9, -10]);
});
