import { describe, expect, it } from "vitest";
import { requireFiniteUpdate } from "../src/gradients.ts";
import { warmupWarnings } from "../src/warnings.ts";

describe("an update of numbers that are none", () => {
  const refused = (step: number, loss: number, gradient: number) => () =>
    requireFiniteUpdate(step, { "task loss": loss }, new Map([["h.0/A", Float32Array.of(0, gradient)]]), {
      weights: Math.abs(gradient),
    });

  it("blames weights before anything was trained, and the learning rate after", () => {
    expect(refused(1, Number.NaN, 0)).toThrow(
      "Step 1: the task loss is NaN. Nothing was trained yet: a weight is not finite, or too large to compute with.",
    );
    expect(refused(2, 0, -Infinity)).toThrow(
      "Step 2: the gradient of h.0/A is -Infinity at entry 1. Nothing was updated. A smaller learningRate or maxGradNorm may help.",
    );
    expect(refused(2, 0, Number.NaN)).toThrow(expect.objectContaining({ name: "NumericalError" }));
    expect(refused(2, 0, 0)).not.toThrow();
  });
});

it("a warm-up that the run never leaves is told", () => {
  const args = { warmupSteps: 100, warmupRatio: 0, learningRate: 1e-3 };
  expect(warmupWarnings(args, 100)).toEqual([
    "warmupSteps is 100 and the run has 100 steps: the learning rate never reaches 0.001.",
  ]);
  expect(warmupWarnings(args, 101)).toEqual([]);
  expect(warmupWarnings({ warmupRatio: 0, learningRate: 1e-3 }, 1)).toEqual([]);
  const ratio = { warmupRatio: 0.1, learningRate: 1e-3 };
  expect(warmupWarnings(ratio, 1)).toEqual([
    "warmupRatio 0.1 is 1 and the run has 1 step: the learning rate is 0 and nothing is trained.",
  ]);
  expect(warmupWarnings(ratio, 2)).toEqual([]);
  expect(warmupWarnings({ ...ratio, warmupRatio: 0.9 }, 2)).toEqual([
    "warmupRatio 0.9 is 2 and the run has 2 steps: the learning rate never reaches 0.001.",
  ]);
});
