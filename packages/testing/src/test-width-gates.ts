import type { WidthGates, WidthMode } from "@blora/spec";
import { ops, type Shape, sizeOf, type Tensor, uniformValues, valueAndGradients } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { expectAllClose, valuesOf } from "./values.ts";

const MODES: readonly WidthMode[] = ["drawn", "likely", "decided"];

/** A gate far beyond any decision. */
const FAR = 40;

/** Registers the laws of gates that choose among `widths`. Needs an eager backend. */
export function testWidthGates(gates: WidthGates, widths: readonly number[]): void {
  const L = widths.length;
  const G = gates.count;
  const shares = (logits: readonly number[], mode: WidthMode, noise = noiseOf(0)): Tensor =>
    gates.shares(ops.tensor([...logits], [logits.length / G, G]), mode, noise);
  /** Σ_l share_l · width_l of each unit. */
  const bits = (logits: readonly number[], mode: WidthMode, noise?: Noise): number[] =>
    meanWidths(valuesOf(shares(logits, mode, noise)), widths);

  describe("gates of widths", () => {
    test("shares lie in [0, 1] and sum to 1", () => {
      for (const mode of MODES) {
        const found = shares(someLogits(G), mode);
        expect(found.shape).toEqual([UNITS, L]);
        for (const share of Array.from(valuesOf(found))) {
          expect(share).toBeGreaterThanOrEqual(-1e-6);
          expect(share).toBeLessThanOrEqual(1 + 1e-6);
        }
        expectAllClose(ops.sum(found, 1), new Float32Array(UNITS).fill(1));
      }
    });

    test("a decision is one width, and needs no noise", () => {
      const decided = Array.from(valuesOf(shares(someLogits(G), "decided", refuseNoise)));
      expect(decided.every((share) => share === 0 || share === 1)).toBe(true);
      expect(decided.filter((share) => share === 1)).toHaveLength(UNITS);
    });

    test("a decision carries no gradient", () => {
      const tables = ops.tensor([...widths], [L, 1]);
      const { gradients } = valueAndGradients(
        (logits) => ops.sum(ops.matMul(gates.shares(logits!, "decided", refuseNoise), tables)),
        [ops.tensor(someLogits(G), [UNITS, G])],
      );
      expectAllClose(gradients[0]!, new Float32Array(UNITS * G), { absolute: 0 });
    });

    test("raising any gate never narrows a unit", () => {
      const logits = someLogits(G);
      for (const mode of MODES) {
        const before = bits(logits, mode);
        for (let gate = 0; gate < G; gate++) {
          const raised = bits(
            logits.map((logit, index) => (index % G === gate ? logit + 0.7 : logit)),
            mode,
          );
          for (const [unit, width] of raised.entries()) expect(width).toBeGreaterThanOrEqual(before[unit]! - 1e-5);
        }
      }
    });

    test("gates far above any decision give the widest width, far below the narrowest", () => {
      for (const mode of MODES) {
        expectAllClose(bits(new Array<number>(G).fill(FAR), mode), [widths[L - 1]!]);
        expectAllClose(bits(new Array<number>(G).fill(-FAR), mode), [widths[0]!], { absolute: 1e-5 });
      }
    });

    test("units choose apart from each other", () => {
      const alike = (shape: Shape): Tensor => ops.fill([...shape], 0.4);
      const logits = someLogits(G);
      for (const mode of MODES) {
        const alone = Array.from({ length: UNITS }, (_, unit) =>
          Array.from(valuesOf(shares(logits.slice(unit * G, (unit + 1) * G), mode, alike))),
        );
        expectAllClose(shares(logits, mode, alike), alone.flat());
      }
    });

    test("noise is asked for once in a draw, and decides it", () => {
      let asked = 0;
      const counted =
        (step: number): Noise =>
        (shape) => {
          asked += 1;
          return noiseOf(step)(shape);
        };
      const undecided = new Array<number>(G).fill(0);
      const draws = Array.from({ length: 20 }, (_, step) =>
        Array.from(valuesOf(shares(undecided, "drawn", counted(step)))),
      );
      expect(asked).toBe(20);
      expect(new Set(draws.map(String)).size).toBeGreaterThan(1);
      expect(Array.from(valuesOf(shares(undecided, "drawn", counted(3))))).toEqual(draws[3]);
    });

    test("likely shares need no noise, and every gate pulls at the width they expect", () => {
      const table = ops.tensor([...widths], [L, 1]);
      const { gradients } = valueAndGradients(
        (logits) => ops.sum(ops.matMul(gates.shares(logits!, "likely", refuseNoise), table)),
        [ops.zeros([1, G])],
      );
      for (const gradient of Array.from(valuesOf(gradients[0]!))) expect(gradient).toBeGreaterThan(0);
    });

    test("starting gates are finite, G for each unit, and alike where nothing is known", () => {
      const start = gates.init(UNITS);
      expect(start).toHaveLength(UNITS * G);
      expect(start.every(Number.isFinite)).toBe(true);
      for (const [index, gate] of start.entries()) expect(gate).toBe(start[index % G]!);
    });

    test("a unit that is worth more never starts narrower, however all are shifted", () => {
      const start = Array.from(gates.init(UNITS, risingWorth(L - 1)));
      expect(start).toHaveLength(UNITS * G);
      let apart = false;
      for (let shift = -6; shift <= 6; shift += 0.25) {
        const decided = bits(
          start.map((gate) => gate + shift),
          "decided",
        );
        for (const [unit, width] of decided.entries()) expect(width).toBeGreaterThanOrEqual(decided[unit - 1] ?? width);
        apart ||= decided[UNITS - 1]! > decided[0]!;
      }
      expect(apart, "some shift tells units of different worth apart").toBe(true);
    });
  });
}

type Noise = (shape: Shape) => Tensor;

const UNITS = 5;

/** Gates [UNITS, G] on both sides of a decision. */
function someLogits(G: number): number[] {
  return Array.from({ length: UNITS * G }, (_, index) => 3 * Math.sin(1 + 2.3 * index));
}

/** Worth [UNITS, steps] that never rises along a unit, and from unit to unit never falls. */
function risingWorth(steps: number): number[][] {
  return Array.from({ length: UNITS }, (_, unit) =>
    Array.from({ length: steps }, (_, step) => 0.6 * unit - 0.5 * step * (1 - 0.1 * unit)),
  );
}

function noiseOf(step: number): Noise {
  return (shape) => ops.tensor(uniformValues({ seed: 3, step, path: "width-gates" }, sizeOf(shape)), [...shape]);
}

function refuseNoise(): never {
  return expect.fail("noise was asked for where nothing is drawn");
}

function meanWidths(shares: ArrayLike<number>, widths: readonly number[]): number[] {
  const L = widths.length;
  return Array.from({ length: shares.length / L }, (_, unit) =>
    widths.reduce((total, width, level) => total + shares[unit * L + level]! * width, 0),
  );
}
