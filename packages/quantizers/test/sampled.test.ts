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

/** Gates drawn from u = 1/2, the width from the given place. */
function contextWith(width: number): Context {
  return createTestContext("train", {
    uniform: (path, size) => new Array<number>(size).fill(path.endsWith("/width") ? width : 0.5),
  });
}

function sampled(logits: readonly number[], width: number, signed = true) {
  const parameters = { logRange: ops.scalar(logRange), gates: ops.tensor([...logits]) };
  return quantizer.quantizeSampled!(parameters, x(), rows(), signed, contextWith(width), "site/W0");
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

  test("between, the whole is rounded at each width with its share, and the sample is what quantize gives", () => {
    const logits = [-0.3, 0.1, -0.2];
    const parameters = { logRange: ops.scalar(logRange), gates: ops.tensor(logits) };
    const mixture = quantizer.quantize(parameters, x(), signed, contextWith(0.5), "site/W0");
    // The draw is even in u: its mean over a fine grid is the mixture.
    const draws = 400;
    const mean = new Float64Array(40);
    for (let draw = 0; draw < draws; draw++) {
      const { whole } = sampled(logits, (draw + 0.5) / draws, signed);
      for (const [index, value] of Array.from(valuesOf(whole)).entries()) mean[index]! += value / draws;
    }
    expectAllClose(mixture, mean, { absolute: 2e-3 });
    const { sample } = sampled(logits, 0.5, signed);
    expectAllClose(sample, ops.gather(mixture, rows()));
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
