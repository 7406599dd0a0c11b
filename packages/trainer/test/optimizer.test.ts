import { readFileSync } from "node:fs";
import { expectAllClose } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { type AdamWSettings, adamWUpdate, freshMoments } from "../src/optimizer/adamw.ts";
import { clipByGlobalNorm } from "../src/optimizer/clip.ts";
import { automaticGateEpsilon } from "../src/optimizer/gate-epsilon.ts";
import { automaticGateLearningRate } from "../src/optimizer/gate-learning-rate.ts";
import { type Schedule, scheduleFactor } from "../src/optimizer/schedule.ts";
import { GATE_LOGIT_LIMIT, updateParameters } from "../src/optimizer/update.ts";
import { createTrainingState } from "../src/state/training-state.ts";
import { plainLora } from "./tiny-problem.ts";

interface Fixture {
  readonly adamw: readonly {
    readonly settings: AdamWSettings;
    readonly start: readonly number[];
    readonly gradients: readonly (readonly number[])[];
    readonly values: readonly (readonly number[])[];
    readonly first: readonly number[];
    readonly second: readonly number[];
  }[];
  readonly clipping: readonly {
    readonly maxNorm: number;
    readonly gradients: readonly (readonly number[])[];
    readonly norm: number;
    readonly clipped: readonly (readonly number[])[];
  }[];
  readonly schedules: readonly (Schedule & { readonly factors: readonly number[] })[];
}

const fixture = JSON.parse(
  readFileSync(new URL("../../../fixtures/optimizer/optimizer.json", import.meta.url), "utf8"),
) as Fixture;

describe("adamWUpdate", () => {
  it.each(fixture.adamw)(
    "equals torch.optim.AdamW after every step, weight decay $settings.weightDecay",
    (reference) => {
      const values = Float32Array.from(reference.start);
      const moments = freshMoments(values.length);
      reference.gradients.forEach((gradient, step) => {
        adamWUpdate(values, Float32Array.from(gradient), moments, reference.settings);
        expectAllClose(values, reference.values[step]!, { relative: 2e-6, absolute: 1e-7 });
      });
      expectAllClose(moments.first, reference.first, { relative: 2e-6, absolute: 1e-8 });
      expectAllClose(moments.second, reference.second, { relative: 2e-6, absolute: 1e-12 });
    },
  );
});

describe("clipByGlobalNorm", () => {
  it.each(fixture.clipping)(
    "equals torch.nn.utils.clip_grad_norm_ at $maxNorm",
    ({ maxNorm, gradients, norm, clipped }) => {
      const own = gradients.map((gradient) => Float32Array.from(gradient));
      expect(clipByGlobalNorm(own, maxNorm)).toBeCloseTo(norm, 5);
      for (const [index, gradient] of own.entries()) expectAllClose(gradient, clipped[index]!, { relative: 1e-6 });
    },
  );

  it("leaves gradients alone at 0", () => {
    const gradient = Float32Array.of(30, 40);
    expect(clipByGlobalNorm([gradient], 0)).toBe(50);
    expect(gradient).toEqual(Float32Array.of(30, 40));
  });
});

describe("scheduleFactor", () => {
  it.each(fixture.schedules)("equals transformers' $type schedule with $warmupSteps warm-up steps", (reference) => {
    const factors = reference.factors.map((_, step) => scheduleFactor(reference, step));
    expectAllClose(factors, reference.factors, { relative: 1e-9, absolute: 1e-12 });
  });
});

const groups = ["weights", "gates", "ranges", "head", "frozen"] as const;

function stateWithEveryGroup(value: number) {
  const parameters = Object.fromEntries(
    groups
      .filter((group) => group !== "head")
      .map((group) => [group, { shape: [1], values: Float32Array.of(value), group }]),
  );
  const head = { "c.weight": { shape: [1], values: Float32Array.of(value), group: "head" as const } };
  return createTrainingState(new Map([["s", { layout: {}, parameters }]]), head);
}

const settings = {
  learningRates: { weights: 0.1, head: 0.2, gates: 0.3, ranges: 0.4 },
  maxGradNorm: 1,
  weightDecay: 0.5,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  gateEpsilon: 1e-8,
};

describe("updateParameters", () => {
  it("gives every group its own rate, and decays only weights and head", () => {
    const state = stateWithEveryGroup(2);
    const gradients = new Map(
      ["s/weights", "s/gates", "s/ranges", "head:c.weight"].map((name) => [name, Float32Array.of(3)]),
    );
    const norm = updateParameters(state, gradients, settings);
    expect(norm).toBeCloseTo(Math.sqrt(18), 6);
    const values = Object.fromEntries([...state.entries()].map(([name, { parameter }]) => [name, parameter.values[0]]));
    // The first AdamW step moves by the learning rate, whatever the gradient's size.
    expect(values["s/weights"]).toBeCloseTo(2 * (1 - 0.1 * 0.5) - 0.1, 5);
    expect(values["head:c.weight"]).toBeCloseTo(2 * (1 - 0.2 * 0.5) - 0.2, 5);
    expect(values["s/gates"]).toBeCloseTo(2 - 0.3, 5);
    expect(values["s/ranges"]).toBeCloseTo(2 - 0.4, 5);
    expect(values["s/frozen"]).toBe(2);
    // Gates are clipped apart from weights: each group keeps norm 1.
    expect(gradients.get("s/gates")![0]).toBeCloseTo(1, 5);
    expect(gradients.get("s/weights")![0]).toBeCloseTo(1 / Math.SQRT2, 5);
  });

  it("moves a gate by its gradient's size where that is far below the gates' epsilon, and nothing else", () => {
    const state = stateWithEveryGroup(2);
    const gradients = new Map(
      ["s/weights", "s/gates", "s/ranges", "head:c.weight"].map((name) => [name, Float32Array.of(1e-5)]),
    );
    updateParameters(state, gradients, { ...settings, weightDecay: 0, gateEpsilon: 3e-5 });
    const { gates, ranges, weights } = state.adapter("s").parameters;
    expect(gates!.values[0]).toBeCloseTo(2 - 0.3 * (1e-5 / (1e-5 + 3e-5)), 5);
    expect(ranges!.values[0]).toBeCloseTo(2 - 0.4, 3);
    expect(weights!.values[0]).toBeCloseTo(2 - 0.1, 3);
  });

  it("keeps gate logits within reach of their gradient", () => {
    const state = stateWithEveryGroup(5.9);
    const gradients = new Map(
      ["s/weights", "s/gates", "s/ranges", "head:c.weight"].map((name) => [name, Float32Array.of(-1)]),
    );
    updateParameters(state, gradients, settings);
    expect(state.adapter("s").parameters.gates!.values[0]).toBe(GATE_LOGIT_LIMIT);
  });
});

describe("automaticGateEpsilon", () => {
  it("is 5e-3 divided by the number of gates, all sites and operands together", () => {
    const gates = (size: number) => ({ shape: [size], values: new Float32Array(size), group: "gates" as const });
    const site = (parameters: Record<string, ReturnType<typeof gates>>) => ({ layout: {}, parameters });
    const state = createTrainingState(
      new Map([
        ["s", site({ phi_rank: gates(7), "A.gates": gates(3) })],
        ["t", site({ "A.gates": gates(2) })],
      ]),
      {},
    );
    expect(automaticGateEpsilon(state)).toBe(5e-3 / 12);
  });

  it("is a number where there are no gates", () => {
    expect(automaticGateEpsilon(createTrainingState(new Map(), {}))).toBe(5e-3);
  });
});

describe("automaticGateLearningRate", () => {
  const phases = {
    ...plainLora(),
    phase: ({ step }: { readonly step: number }) => (step < 10 ? "warmup" : step < 60 ? "gates" : "settle"),
  };

  it("lets the farthest gate travel three times its way within the phase", () => {
    const state = stateWithEveryGroup(6);
    expect(automaticGateLearningRate(state, phases, { step: 10, totalSteps: 100, seed: 0 })).toBeCloseTo(
      (3 * 7) / 50,
      12,
    );
    expect(automaticGateLearningRate(state, plainLora(), { step: 0, totalSteps: 100, seed: 0 })).toBeCloseTo(
      (3 * 7) / 100,
      12,
    );
  });

  it("never falls below 1e-2", () => {
    const state = stateWithEveryGroup(6);
    expect(automaticGateLearningRate(state, plainLora(), { step: 0, totalSteps: 100_000, seed: 0 })).toBe(1e-2);
  });
});
