import { uniformValues } from "@blora/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseToken } from "../src/index.ts";

/** Probabilities 0.5, 0.3, 0.15 and 0.05, not in order. */
const probabilities = [0.15, 0.5, 0.05, 0.3];
const logits = Float32Array.from(probabilities, Math.log);

/** Shares of tokens over many draws. */
function sharesOf(sampling: { temperature: number; topP: number }): number[] {
  const counts = [0, 0, 0, 0];
  const draws = 20_000;
  for (const uniform of uniformValues({ seed: 3, step: 0, path: "draws" }, draws)) {
    counts[chooseToken(logits, sampling, uniform)]!++;
  }
  return counts.map((count) => count / draws);
}

function expectShares(found: readonly number[], expected: readonly number[]): void {
  for (const [token, share] of expected.entries()) {
    if (share === 0) expect(found[token]).toBe(0);
    else expect(Math.abs(found[token]! - share), `token ${token}`).toBeLessThan(0.02);
  }
}

describe("the next token", () => {
  test("is the likeliest at temperature 0, the first of equals", () => {
    expect(chooseToken(logits, { temperature: 0, topP: 1 }, 0.99)).toBe(1);
    expect(chooseToken(Float32Array.of(0, 2, 2), { temperature: 0, topP: 1 }, 0.5)).toBe(1);
  });

  test("comes as often as the model says at temperature 1", () => {
    expectShares(sharesOf({ temperature: 1, topP: 1 }), probabilities);
  });

  test("is more even at a higher temperature", () => {
    const flattened = probabilities.map(Math.sqrt);
    const total = flattened.reduce((sum, share) => sum + share, 0);
    expectShares(
      sharesOf({ temperature: 2, topP: 1 }),
      flattened.map((share) => share / total),
    );
  });

  test("is any at a huge temperature, and the likeliest at a tiny one", () => {
    expectShares(sharesOf({ temperature: 1e300, topP: 1 }), [0.25, 0.25, 0.25, 0.25]);
    expect(sharesOf({ temperature: 1e-320, topP: 0.9 })).toEqual([0, 1, 0, 0]);
  });

  test("comes from the fewest tokens that hold the top share", () => {
    expectShares(sharesOf({ temperature: 1, topP: 0.75 }), [0, 0.5 / 0.8, 0, 0.3 / 0.8]);
    expectShares(sharesOf({ temperature: 1, topP: 0.4 }), [0, 1, 0, 0]);
  });

  test("is never outside the top share, whatever the logits", () => {
    const values = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 30 });
    const unit = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(values, unit, unit, (values, topP, uniform) => {
        const token = chooseToken(Float32Array.from(values), { temperature: 1, topP }, uniform);
        const weights = values.map(Math.exp);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const likelier = weights
          .filter((weight) => weight > weights[token]! * (1 + 1e-5))
          .reduce((sum, weight) => sum + weight, 0);
        expect(likelier / total).toBeLessThanOrEqual(topP + 1e-5);
      }),
    );
  });
});
