import { ops, valueAndGradients } from "@blora/tensor";
import { expectAllClose, testGate, useCpuBackend, valuesOf } from "@blora/testing";
import { expect, test } from "vitest";
import { binaryConcrete } from "../src/index.ts";

useCpuBackend();
testGate(binaryConcrete(), { onAbove: 0.5 });
testGate(binaryConcrete({ temperature: 1.5, initialLogit: 1 }), { onAbove: 0.5 });

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test("a sample is σ((logit u + φ)/β) and its gradient s(1 - s)/β", () => {
  const gate = binaryConcrete({ temperature: 0.5 });
  const s = sigmoid((Math.log(0.3 / 0.7) + 0.4) / 0.5);
  const { value, gradients } = valueAndGradients((x) => gate.sample(x, ops.scalar(0.3)), [ops.scalar(0.4)]);
  expectAllClose(value, s);
  expectAllClose(gradients[0]!, (s * (1 - s)) / 0.5);
});

test("at threshold p a gate is on above logit(1 - p)", () => {
  const around = (logit: number) => ops.tensor([logit - 1e-6, logit + 1e-6]);
  expect(Array.from(valuesOf(binaryConcrete().decide(around(0))))).toEqual([0, 1]);
  const strict = binaryConcrete({ threshold: 0.34 });
  expect(Array.from(valuesOf(strict.decide(around(Math.log(0.66 / 0.34)))))).toEqual([0, 1]);
});

test("a gate at temperature 0 is refused, and an option that is misspelled", () => {
  expect(() => binaryConcrete({ temperature: 0 })).toThrow(/"binary-concrete": temperature: .*found 0/);
  expect(() => binaryConcrete({ treshold: 0.1 } as never)).toThrow('"treshold" (did you mean threshold?)');
});
