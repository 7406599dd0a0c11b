import type { Component, Gate } from "@blora/spec";
import { ops, type Tensor, uniformValues, valueAndGradients } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { checkGradients } from "./check-gradients.ts";
import { useCpuBackend } from "./cpu-backend.ts";
import { testManifest } from "./test-manifest.ts";
import { expectAllClose, valuesOf } from "./values.ts";

export interface GateKitOptions {
  /** Where a sample counts as on: 0 for gates with exact zeros, 0.5 for a gate that has none. Default 0. */
  readonly onAbove?: number;
}

const LOGITS = [-4, -1.5, -0.5, 0, 0.5, 1.5, 4];
const SAMPLES = 20_000;

/** Registers the laws every gate keeps. Call it at the top level of a test file. */
export function testGate(gate: Component<"gate">, { onAbove = 0 }: GateKitOptions = {}): void {
  describe("gate laws", () => {
    useCpuBackend();
    testManifest(gate, "gate");

    test("samples lie in [0, 1] for every logit and every noise value", () => {
      const extremes = [2 ** -25, 2 ** -12, 0.3, 0.5, 0.9, 1 - 2 ** -12, 1 - 2 ** -24];
      for (const logit of [-40, ...LOGITS, 40]) {
        for (const z of Array.from(valuesOf(sampleAt(gate, logit, extremes)))) {
          expect(z).toBeGreaterThanOrEqual(0);
          expect(z).toBeLessThanOrEqual(1);
        }
      }
    });

    test("samples, probabilities and decisions do not fall as the logit rises", () => {
      const rising = ops.tensor(LOGITS);
      for (const u of [0.1, 0.5, 0.9]) expectRising(gate.sample(rising, ops.tensor(LOGITS.map(() => u))));
      expectRising(gate.probabilityOn(rising));
      expectRising(gate.decide(rising));
    });

    test("far beyond its decision a gate is open or closed whatever is drawn", () => {
      const noise = [2 ** -12, 0.3, 0.5, 0.9, 1 - 2 ** -12];
      for (const [logit, z] of [
        [40, 1],
        [-40, 0],
      ] as const) {
        expectAllClose(
          sampleAt(gate, logit, noise),
          noise.map(() => z),
          { absolute: 1e-5 },
        );
        expectAllClose(gate.probabilityOn(ops.scalar(logit)), z, { absolute: 1e-5 });
      }
    });

    test("the gates of a matrix are those of its entries", () => {
      const logits = LOGITS.slice(1);
      const noise = [0.1, 0.7, 0.4, 0.5, 0.9, 0.3];
      const matrix = ops.tensor(logits, [2, 3]);
      expectEntries(
        gate.sample(matrix, ops.tensor(noise, [2, 3])),
        logits.map((logit, index) => sampleAt(gate, logit, [noise[index]!])),
      );
      for (const member of ["probabilityOn", "decide"] as const) {
        expectEntries(
          gate[member](matrix),
          logits.map((logit) => gate[member](ops.tensor([logit]))),
        );
      }
    });

    test("the probability of being on is that of the samples, within four standard errors", () => {
      const noise = uniformValues({ seed: 11, step: 0, path: "gate-kit" }, SAMPLES);
      for (const logit of LOGITS) {
        const share = Array.from(valuesOf(sampleAt(gate, logit, noise))).filter((z) => z > onAbove).length / SAMPLES;
        const expected = valuesOf(gate.probabilityOn(ops.scalar(logit)))[0]!;
        const standardError = Math.sqrt((expected * (1 - expected)) / SAMPLES);
        expect(Math.abs(share - expected), `logit ${logit}`).toBeLessThan(4 * standardError + 1 / SAMPLES);
      }
    });

    test("decisions are exactly 0 or 1, and both occur", () => {
      const decided = Array.from(valuesOf(gate.decide(ops.tensor([-40, ...LOGITS, 40]))));
      expect(new Set(decided)).toEqual(new Set([0, 1]));
    });

    test("decisions carry no gradient", () => {
      const { gradients } = valueAndGradients((x) => ops.sum(ops.mul(gate.decide(x), x)), [ops.tensor(LOGITS)]);
      expectAllClose(gradients[0]!, gate.decide(ops.tensor(LOGITS)));
    });

    test("a gate starts on", () => {
      expect(valuesOf(gate.decide(ops.scalar(gate.initialLogit)))[0]).toBe(1);
    });

    test("the gradient of a sample agrees with finite differences", () => {
      for (const u of [0.2, 0.5, 0.8]) {
        const noise = ops.tensor(LOGITS.map(() => u));
        checkGradients((x) => gate.sample(x, noise), [smoothLogits(gate, u)], { step: 0.01 });
      }
    });

    test("the gradient of the probability agrees with finite differences", () => {
      checkGradients((x) => gate.probabilityOn(x), [LOGITS]);
    });
  });
}

function sampleAt(gate: Gate, logit: number, noise: ArrayLike<number>): Tensor {
  const u = Float32Array.from(noise);
  return gate.sample(ops.fill([u.length], logit), ops.tensor(u));
}

/** Logits moved off the kinks where clipped samples reach 0 or 1. */
function smoothLogits(gate: Gate, u: number): number[] {
  const reach = 0.05;
  const clipped = (logit: number): boolean => {
    const z = valuesOf(sampleAt(gate, logit, [u]))[0]!;
    return z === 0 || z === 1;
  };
  return LOGITS.map((logit) => {
    let moved = logit;
    while (clipped(moved - reach) !== clipped(moved + reach)) moved += reach;
    return moved;
  });
}

function expectEntries(matrix: Tensor, entries: readonly Tensor[]): void {
  expect(matrix.shape).toEqual([2, 3]);
  expectAllClose(
    matrix,
    entries.map((entry) => valuesOf(entry)[0]!),
  );
}

function expectRising(values: Tensor): void {
  const list = valuesOf(values);
  for (let index = 1; index < list.length; index++) expect(list[index]).toBeGreaterThanOrEqual(list[index - 1]!);
}
