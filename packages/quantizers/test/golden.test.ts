import type { Gate } from "@blora/spec";
import { ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { expectAllClose, useCpuBackend } from "@blora/testing";
import { describe, test } from "vitest";
import { bayesianBits } from "../src/index.ts";

useCpuBackend();

/** Lets a test choose the gate values: a sample is the logit itself. */
const chosen: Gate = {
  initialLogit: 1,
  sample: (logits) => logits,
  probabilityOn: (logits) => logits,
  decide: (logits) => ops.step(ops.sub(logits, 0.5)),
};
const quantizer = bayesianBits({ gate: chosen });

interface Case {
  readonly x: number;
  readonly range: number;
  readonly signed: boolean;
  readonly gates: readonly [number, number, number];
  /** x_2, ε_4, ε_8, ε_16, as far as they are known. */
  readonly residuals: readonly number[];
  readonly quantized: number;
  readonly byX: number;
  readonly byRange: number;
  readonly byGates?: readonly number[];
}

const cases: Case[] = [
  {
    x: 0.3,
    range: 1,
    signed: true,
    gates: [1, 1, 1],
    residuals: [0, 0.2666666667, 0.031372549, 0.0019531548],
    quantized: 0.2999923705,
    byX: 1,
    byRange: -0.0000076295,
    byGates: [0.2999923705, 0.0333257038, 0.0019531548],
  },
  {
    x: 0.3,
    range: 1,
    signed: true,
    gates: [0.9, 0.5, 0.25],
    residuals: [0, 0.2666666667, 0.031372549, 0.0019531548],
    quantized: 0.254337377,
    byX: 1,
    byRange: -0.045662623,
    byGates: [0.2825970855, 0.0286747539, 0.0008789197],
  },
  {
    x: -2,
    range: 1,
    signed: true,
    gates: [1, 1, 0],
    residuals: [-0.6666666667, -0.2666666667, -0.062745098],
    quantized: -0.9960784314,
    byX: 0,
    byRange: -0.9960784314,
  },
  {
    x: 0.31,
    range: 1,
    signed: false,
    gates: [1, 0, 0],
    residuals: [0.3333333333, 0],
    quantized: 0.3333333333,
    byX: 1,
    byRange: 0.0233333333,
  },
  {
    x: -0.2,
    range: 1,
    signed: false,
    gates: [1, 1, 1],
    residuals: [0, 0, 0, 0],
    quantized: 0,
    byX: 0,
    byRange: 0,
    byGates: [0, 0, 0],
  },
  {
    x: 0.77,
    range: 0.8,
    signed: true,
    gates: [1, 0.4, 0],
    residuals: [0.5333333333, 0.2133333333, 0.0250980392],
    quantized: 0.7567058824,
    byX: 1,
    byRange: -0.0166176471,
  },
];

describe.each(cases)("x = $x, α = $range, signed $signed, gates $gates", (golden) => {
  const quantize = (x: Tensor, logRange: Tensor, gates: Tensor): Tensor => {
    const shares = quantizer.gates!.shares(gates, "drawn", (shape) => ops.zeros([...shape]));
    return quantizer.round({ logRange }, x, golden.signed, { shares });
  };
  const point = (gates: readonly number[]): Tensor[] => [
    ops.tensor([[golden.x]]),
    ops.tensor([Math.log(golden.range)]),
    ops.tensor([[...gates]]),
  ];
  const tolerance = { relative: 2e-6, absolute: 2e-7 };

  test("value and gradients", () => {
    const { value, gradients } = valueAndGradients(
      (x, logRange, gates) => ops.sum(quantize(x!, logRange!, gates!)),
      point(golden.gates),
    );
    expectAllClose(value, golden.quantized, tolerance);
    expectAllClose(gradients[0]!, golden.byX, tolerance);
    // The parameter is ln α, so its gradient is α times the one by α.
    expectAllClose(gradients[1]!, golden.byRange * golden.range, tolerance);
    if (golden.byGates !== undefined) expectAllClose(gradients[2]!, golden.byGates, tolerance);
  });

  test("each residual is what its gate adds", () => {
    const opened = [0, 1, 2, 3].map((open) => [0, 1, 2].map((gate) => (gate < open ? 1 : 0)));
    let previous = 0;
    for (const [level, residual] of golden.residuals.entries()) {
      const [x, logRange, gates] = point(opened[level]!);
      const value = quantize(x!, logRange!, gates!).dataSync()[0]!;
      expectAllClose(value - previous, residual, tolerance);
      previous = value;
    }
  });
});
