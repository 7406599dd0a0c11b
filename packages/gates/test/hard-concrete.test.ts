import { ops, valueAndGradients } from "@blora/tensor";
import { expectAllClose, testGate, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { hardConcrete } from "../src/index.ts";

useCpuBackend();
testGate(hardConcrete());
testGate(hardConcrete({ temperature: 0.4, stretch: [-0.2, 1.3], threshold: 0.5, initialLogit: 2 }));

const gate = hardConcrete();

describe("reference values (φ, u → z, ∂z/∂φ, q, decision)", () => {
  test.each([
    [0.5, 0.3, 0.347157043, 0.420798788, 0.890766725, 1],
    [-0.935, 0.5, 0.136903639, 0.28520129, 0.660067907, 1],
    [2, 0.05, 0.134223158, 0.282759127, 0.973366655, 1],
    [2, 0.6, 1, 0, 0.973366655, 1],
    [-1.5, 0.9, 0.787969595, 0.346341891, 0.524629263, 0],
    [6, 0.001, 0.145062587, 0.292524291, 0.999499097, 1],
  ])("φ = %f, u = %f", (logit, u, z, gradient, probability, decision) => {
    const { value, gradients } = valueAndGradients((x) => gate.sample(x, ops.scalar(u)), [ops.scalar(logit)]);
    expectAllClose(value, z, { relative: 3e-6 });
    expectAllClose(gradients[0]!, gradient, { relative: 3e-6 });
    expectAllClose(gate.probabilityOn(ops.scalar(logit)), probability);
    expect(valuesOf(gate.decide(ops.scalar(logit)))[0]).toBe(decision);
  });

  test.each([
    [6, 0.9995],
    [2, 0.97337],
    [-2, 0.40098],
  ])("P(z > 0) at φ = %f", (logit, probability) => {
    expectAllClose(gate.probabilityOn(ops.scalar(logit)), probability, { absolute: 5e-6 });
  });
});

test("a gate is on above φ* = κ - logit(0.34), where P(z > 0) is 0.66", () => {
  expect(Array.from(valuesOf(gate.decide(ops.tensor([-0.935304, -0.935302]))))).toEqual([0, 1]);
  expectAllClose(gate.probabilityOn(ops.scalar(-0.935303)), 0.66);
});

test("a gate starts at φ = 6", () => {
  expect(gate.initialLogit).toBe(6);
});

test("the smallest and largest noise values give finite samples and gradients", () => {
  const noise = ops.tensor([2 ** -25, 1 - 2 ** -24]);
  const { value, gradients } = valueAndGradients((x) => ops.sum(gate.sample(x, noise)), [ops.tensor([0, 0])]);
  expect(valuesOf(value)[0]).toBe(1);
  expect(Array.from(valuesOf(gradients[0]!))).toEqual([0, 0]);
});

test("options that make no gate are refused by name", () => {
  const wrong = () => hardConcrete({ stretch: [0, 1], temperature: 0, threshold: 1 });
  expect(wrong).toThrow(
    /^Options of gate "hard-concrete": temperature: .*found 0; stretch\.0: .*found 0; stretch\.1: .*found 1; threshold: .*found 1\.$/,
  );
  expect(() => hardConcrete({ temprature: 1 } as never)).toThrow('"temprature" (did you mean temperature?)');
});

test("a manifest remembers the options, and its schema refuses others", async () => {
  expect(JSON.parse(JSON.stringify(hardConcrete({ temperature: 0.5 })))).toEqual({
    $plugin: "gate/hard-concrete",
    options: { temperature: 0.5 },
  });
  const validate = hardConcrete.optionsSchema["~standard"].validate;
  expect(await validate({ temperature: 0.5 })).toEqual({ value: { temperature: 0.5 } });
  expect(await validate({ stretch: [0, 1] })).toHaveProperty("issues");
  expect(await validate({ temprature: 1 })).toHaveProperty("issues");
});
