import { readFileSync } from "node:fs";
import { PluginError } from "@blora/spec";
import { normalValues } from "@blora/tensor";
import { expectAllClose } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { parseTrainingArguments } from "../src/arguments.ts";
import { type AdamWSettings, adamWUpdate, averageSquare, freshMoments } from "../src/optimizer/adamw.ts";
import {
  learningRatesAt,
  requireLearningRates,
  type Schedule,
  scheduleFactor,
} from "../src/optimizer/learning-rates.ts";
import { clipByGlobalNorm, gradientNorms, updateParameters } from "../src/optimizer/update.ts";
import { createTrainingState } from "../src/state/training-state.ts";

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
};

describe("updateParameters", () => {
  it("gives every group its own rate, and decays only weights and head", () => {
    const state = stateWithEveryGroup(2);
    const gradients = new Map(
      ["s/weights", "s/gates", "s/ranges", "head:c.weight"].map((name) => [name, Float32Array.of(3)]),
    );
    const norms = gradientNorms(state, gradients);
    expect(norms.weights).toBeCloseTo(Math.sqrt(18), 6);
    expect(norms.head).toBe(norms.weights);
    expect(norms.gates).toBe(3);
    updateParameters(state, gradients, norms, settings);
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
});

it("clipping and updating in one pass are bit for bit clipping, then updating", () => {
  const adam = { learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };
  const drawn = (path: string) => normalValues({ seed: 1, step: 0, path }, 1000);
  const [one, two] = [1, 2].map(() => ({
    values: drawn("values"),
    gradient: drawn("gradient"),
    moments: freshMoments(1000),
  }));
  const norm = clipByGlobalNorm([one!.gradient], 0.3);
  adamWUpdate(one!.values, one!.gradient, one!.moments, adam);
  adamWUpdate(two!.values, two!.gradient, two!.moments, adam, 0.3 / (norm + 1e-6));
  expect(two).toEqual(one);
});

describe("averageSquare", () => {
  it("is v over 1 - β2ᵗ: that of one gradient is its square, whatever β2", () => {
    const moments = freshMoments(2);
    expect(averageSquare(moments, 0.999)).toEqual(new Float32Array(2));
    const adam = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    adamWUpdate(new Float32Array(2), Float32Array.of(3, -0.5), moments, adam);
    expectAllClose(averageSquare(moments, 0.999), [9, 0.25], { relative: 1e-5 });
    adamWUpdate(new Float32Array(2), Float32Array.of(1, 0), moments, adam);
    // (β2·9 + 1) / (1 + β2)
    expectAllClose(averageSquare(moments, 0.999), [(0.999 * 9 + 1) / 1.999, (0.999 * 0.25) / 1.999], {
      relative: 1e-5,
    });
  });
});

describe("learningRatesAt", () => {
  const args = parseTrainingArguments({ learningRate: 0.1, headLearningRate: 0.3, warmupRatio: 0.5 });
  const training = { optimizer: { gates: { learningRate: 0.05 } } };

  it("schedules weights and head, and keeps the method's own groups constant", () => {
    expect(learningRatesAt(args, { training }, 0, 4)).toEqual({ weights: 0, head: 0, gates: 0.05 });
    expect(learningRatesAt(args, { training }, 2, 4)).toEqual({ weights: 0.1, head: 0.3, gates: 0.05 });
    expect(learningRatesAt(args, { training }, 3, 4)).toEqual({ weights: 0.05, head: 0.15, gates: 0.05 });
    expect(learningRatesAt(args, {}, 2, 4)).toEqual({ weights: 0.1, head: 0.3 });
  });

  it("gives the head the weights' rate unless it has its own", () => {
    const same = parseTrainingArguments({ learningRate: 0.1, lrSchedulerType: "constant" });
    expect(learningRatesAt(same, {}, 3, 4)).toEqual({ weights: 0.1, head: 0.1 });
  });

  it("must name a rate for every group that is trained", () => {
    const state = stateWithEveryGroup(2);
    const rates = { weights: 0.1, head: 0.2, gates: 0.3 };
    expect(() => requireLearningRates(state, rates)).toThrow(PluginError);
    expect(() => requireLearningRates(state, rates)).toThrow(
      's/ranges: expected the method to name an optimizer for its group "ranges" in training.optimizer, found none.',
    );
    expect(() => requireLearningRates(state, { ...rates, ranges: 0.4 })).not.toThrow();
  });
});
