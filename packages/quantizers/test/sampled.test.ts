import { hardConcrete } from "@blora/gates";
import type { Context } from "@blora/spec";
import { normalValues, ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { createTestContext, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { bayesianBits, roundToBits } from "../src/index.ts";

useCpuBackend();

const quantizer = bayesianBits({ gate: hardConcrete() });
const values = normalValues({ seed: 4, step: 0, path: "x" }, 40, 0.5);
const logRange = -0.1;
const rows = () => ops.tensor([1, 4, 6], [3], "int32");
const x = () => ops.tensor(values, [8, 5]);

/** Every gate drawn from one u. */
function contextWith(u: number): Context {
  return createTestContext("train", { uniform: (_, size) => new Array<number>(size).fill(u) });
}

function sampled(logits: readonly number[], u: number, signed = true) {
  const parameters = { logRange: ops.scalar(logRange), gates: ops.tensor([...logits]) };
  return quantizer.quantizeSampled!(parameters, x(), rows(), signed, contextWith(u), "site/W0");
}

describe.each([true, false])("signed %s", (signed) => {
  test.each([
    [[-9, -9, -9], 2],
    [[9, -9, 9], 4],
    [[9, 9, -9], 8],
    [[9, 9, 9], 16],
  ] as const)("gates %j round the whole to %i bits", (logits, bits) => {
    const { whole } = sampled(logits, 0.5, signed);
    expectAllClose(whole, roundToBits(x(), ops.scalar(logRange), bits, signed), { absolute: 1e-6 });
  });

  test.each([
    [[-2, 0.1, -0.2], 2],
    [[0.4, 0.3, -2], 8],
  ] as const)("gates %j that are undecided round the whole as evaluation does, whatever is drawn", (logits, bits) => {
    for (const u of [0.05, 0.5, 0.95]) {
      const { whole } = sampled(logits, u, signed);
      expectAllClose(whole, roundToBits(x(), ops.scalar(logRange), bits, signed), { absolute: 1e-6 });
    }
  });

  test("the sample is what quantize gives", () => {
    const logits = [-0.3, 0.1, -0.2];
    const parameters = { logRange: ops.scalar(logRange), gates: ops.tensor(logits) };
    const mixture = quantizer.quantize(parameters, x(), signed, contextWith(0.5), "site/W0");
    expectAllClose(sampled(logits, 0.5, signed).sample, ops.gather(mixture, rows()));
  });
});

test("x hears of the whole alone, range and gates of the sample alone", () => {
  const logits = [-0.3, 0.1, -0.2];
  const gradientsOf = (part: "whole" | "sample"): Tensor[] =>
    valueAndGradients(
      (input, range, gates) => {
        const parameters = { logRange: range!, gates: gates! };
        const parts = quantizer.quantizeSampled!(parameters, input!, rows(), true, contextWith(0.5), "site/W0");
        return ops.sum(ops.square(parts[part]));
      },
      [x(), ops.scalar(logRange), ops.tensor(logits)],
    ).gradients;
  const isZero = (tensor: Tensor) => Array.from(valuesOf(tensor)).every((value) => value === 0);
  expect(gradientsOf("whole").map(isZero)).toEqual([false, true, true]);
  expect(gradientsOf("sample").map(isZero)).toEqual([true, false, false]);
});

test("the whole passes the gradient inside the range on, and none from outside", () => {
  const { gradients } = valueAndGradients(
    (input) => {
      const parameters = { logRange: ops.scalar(Math.log(0.4)), gates: ops.tensor([9, -9, 9]) };
      return ops.sum(quantizer.quantizeSampled!(parameters, input!, rows(), true, contextWith(0.5), "site/W0").whole);
    },
    [x()],
  );
  expect(Array.from(valuesOf(gradients[0]!))).toEqual(Array.from(values, (value) => Number(Math.abs(value) < 0.4)));
});
