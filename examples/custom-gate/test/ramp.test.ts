import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import { ops, uniformValues, valueAndGradients } from "@blora/tensor";
import { expectAllClose, testGate, testMethod, testQuantizer, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { ramp } from "../src/ramp.ts";

useCpuBackend();
testGate(ramp());
describe("with a longer ramp", () => testGate(ramp({ slope: 1, initialLogit: 0.5 })));

describe("as the gate of learned widths", () => testQuantizer(uniform({ bits: [0, 2, 4], gate: ramp() })));

describe("inside B-LoRA", () =>
  testMethod(
    blora({
      rank: 4,
      quantizer: uniform({ bits: [0, 2, 4, 8], gate: ramp() }),
      allocation: "gates",
      bopsTarget: 0.1,
      phases: { warmup: 0.3, gates: 0.4, settle: 0.3 },
    }),
  ));

test.each([
  // p = 1/2: the ramp runs from u = 3/8 to u = 1/2.
  [0, 0.3, 1, 0],
  [0, 0.4, 0.8, 2],
  [0, 0.45, 0.4, 2],
  [0, 0.7, 0, 0],
  // p = 3/4: from 21/32 to 3/4.
  [Math.log(3), 0.7, 8 / 15, 34 / 15],
])("at φ = %f and u = %f the sample is %f and its gradient %f", (logit, u, z, gradient) => {
  const { value, gradients } = valueAndGradients((x) => ramp().sample(x!, ops.scalar(u)), [ops.scalar(logit)]);
  expectAllClose(value, z);
  expectAllClose(gradients[0]!, gradient);
});

test("its samples are p - τp(1 - p)/2 on average", () => {
  const n = 20_000;
  const noise = ops.tensor(uniformValues({ seed: 2, step: 0, path: "ramp" }, n));
  for (const [logit, slope] of [
    [0, 0.5],
    [-1, 1],
    [2, 0.2],
  ] as const) {
    const p = 1 / (1 + Math.exp(-logit));
    const mean = valuesOf(ops.mean(ramp({ slope }).sample(ops.fill([n], logit), noise)))[0]!;
    expect(Math.abs(mean - p + (slope * p * (1 - p)) / 2)).toBeLessThan(4 * Math.sqrt(0.25 / n));
  }
});

test("a slope out of range is refused, and an option that is misspelled", () => {
  for (const slope of [0, 1.5, Number.NaN]) {
    expect(() => ramp({ slope })).toThrow(new RegExp(`Options of gate "ramp": slope: .*, found ${slope}\\.`));
  }
  expect(() => ramp({ slop: 1 } as never)).toThrow('unknown key "slop" (did you mean slope?)');
});
