import type { Engine } from "@blora/spec";
import * as tensor from "@blora/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { caseFamilies } from "./all-cases.ts";
import { testFrozenTensors } from "./frozen-tests.ts";
import { testNoise } from "./noise-tests.ts";
import { runCase } from "./run-case.ts";
import { testSteps } from "./step-tests.ts";

/** Functions of @blora/tensor besides `ops` that compute tensors from tensors. */
const COMPOSED_OPS = [
  "frozenLinear",
  "gelu",
  "layerNorm",
  "linear",
  "lowRankLinear",
  "nestedShares",
  "nestedProduct",
  "roundStraightThrough",
  "softmax",
  "softmaxCrossEntropy",
];

/**
 * The conformance suite of engines. Runs every op of `@blora/tensor` as a step
 * and compares its value with the same maths in double precision and its
 * gradient with finite differences of that, 1e-4 relative; then tests frozen
 * tensors, noise and what a step owes its caller.
 *
 * Every case is also compared with `reference`, another engine, where one is
 * given. Both engines are released at the end.
 *
 * @example testEngine(tfjs({ backend: "wasm" }));
 */
export function testEngine(engine: Engine, reference?: Engine): void {
  describe(`engine ${"manifest" in engine ? JSON.stringify(engine) : ""}`, () => {
    afterAll(async () => {
      await engine.release();
      await reference?.release();
    });

    test("describes itself", async () => {
      const { id, provider, threads, version } = await engine.describe();
      expect([id, provider, version].every((text) => text.length > 0)).toBe(true);
      expect(threads).toBeGreaterThanOrEqual(1);
    });

    test("is tested on every op", () => {
      const names = Object.values(caseFamilies).flat();
      const untested = [...Object.keys(tensor.ops), ...COMPOSED_OPS].filter(
        (op) => !names.some(({ name }) => new RegExp(`^${op}\\b`).test(name)),
      );
      expect(untested).toEqual([]);
    });

    for (const [family, cases] of Object.entries(caseFamilies)) {
      describe(family, () => {
        for (const opCase of cases) test(opCase.name, () => runCase(engine, opCase, reference));
      });
    }
    testFrozenTensors(engine);
    testNoise(engine);
    testSteps(engine);
  });
}
