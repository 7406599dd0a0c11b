import { ops, valueAndGradients } from "@blora/tensor";
import { expectAllClose, halfUniformStep, testQuantizer, useCpuBackend } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { uniform } from "../src/index.ts";

useCpuBackend();
for (const bits of [2, 3, 8, 16]) {
  describe(`${bits} bits`, () => testQuantizer(uniform({ bits }), { maximumError: halfUniformStep }));
}

const quantizer = uniform({ bits: 2 });
const unit = () => ({ logRange: ops.scalar(0) });

test("two signed bits are the levels -2/3, 0 and 2/3 of α", () => {
  const x = ops.tensor([-9, -1, -0.4, -0.3, 0, 0.3, 0.4, 1, 9]);
  const t = 2 / 3;
  expectAllClose(quantizer.quantizeFixed(unit(), x, true, 2), [-t, -t, -t, 0, 0, 0, t, t, t]);
});

test("two unsigned bits are the levels 0, 1/3, 2/3 and 1 of α", () => {
  const x = ops.tensor([-1, 0.1, 0.3, 0.6, 0.9, 5]);
  expectAllClose(quantizer.quantizeFixed(unit(), x, false, 2), [0, 0, 1 / 3, 2 / 3, 1, 1]);
});

test("the gradient by ln α is α·x_q/α outside the range and x_q - x inside", () => {
  const { gradients } = valueAndGradients(
    (logRange) =>
      ops.sum(
        ops.mul(quantizer.quantizeFixed({ logRange: logRange! }, ops.tensor([0.5, 5]), true, 2), ops.tensor([1, 10])),
      ),
    [ops.scalar(Math.log(2))],
  );
  // 0.5 rounds to 0 inside the range; 5 clips to 4/3.
  expectAllClose(gradients[0]!, -0.5 + (10 * 4) / 3);
});

test("the gradient by x ends at the edges of the range", () => {
  const byX = (x: number[], signed: boolean) =>
    valueAndGradients((input) => ops.sum(quantizer.quantizeFixed(unit(), input!, signed, 2)), [ops.tensor(x)])
      .gradients[0]!;
  expectAllClose(byX([-1.01, -1, -0.99, 0, 0.99, 1, 1.01], true), [0, 0, 1, 1, 1, 0, 0]);
  expectAllClose(byX([-0.01, 0, 0.01, 0.99, 1, 1.01], false), [0, 0, 1, 1, 0, 0]);
});

test("the width is constant", () => {
  expect(quantizer.bits({})).toBe(2);
  expectAllClose(quantizer.expectedBits({}), 2);
});

test("a width that is none is refused", () => {
  expect(() => uniform({ bits: 1 })).toThrow("bits must be 2 to 16, or 32, not 1");
  expect(() => uniform({ bits: 4.5 })).toThrow("not 4.5");
});

test("32 bits leave the tensor in floating point", () => {
  const x = ops.tensor([0.123456, -5]);
  const parameters = { logRange: ops.scalar(0) };
  expect(uniform({ bits: 32 }).quantizeFixed(parameters, x, true, 32)).toBe(x);
});
