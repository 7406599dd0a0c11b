import type { Engine } from "@blora/spec";
import * as tensor from "@blora/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { caseFamilies } from "./all-cases.ts";
import { testFrozenProducts } from "./frozen-product-tests.ts";
import { testFrozenTensors } from "./frozen-tests.ts";
import { testGridProducts } from "./grid-product-tests.ts";
import { testNoise } from "./noise-tests.ts";
import { runCase } from "./run-case.ts";
import { testSteps } from "./step-tests.ts";

/** Functions of @blora/tensor that compute on the host, or say how others compute. Every other one needs a case. */
const NO_OPS: ReadonlySet<string> = new Set([
  "dropoutCounters",
  "dropoutKey",
  "dropoutMaskValues",
  "dropoutPlan",
  "evaluateOnHost",
  "nestedChain",
  "normalValues",
  "permutation",
  "randomWords",
  "sizeOf",
  "transposed",
  "uniformValues",
  "valueAndGradients",
  "withGradient",
]);

/**
 * The conformance suite of engines. Runs every op of `@blora/tensor` as a step
 * and compares its value with the same maths in double precision and its
 * gradient with finite differences of that, 1e-4 relative; then tests frozen
 * tensors, products with them at the engine's precision and of rounded tensors,
 * noise and what a step owes its caller.
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
      const names = Object.values(caseFamilies).flatMap((cases) => cases.map(({ name }) => name));
      const composed = Object.entries(tensor).flatMap(([name, value]) =>
        typeof value === "function" && !NO_OPS.has(name) ? [name] : [],
      );
      const isNamed = (pattern: string) => names.some((name) => new RegExp(pattern).test(name));
      expect(Object.keys(tensor.ops).filter((op) => !isNamed(`^${op}\\b`))).toEqual([]);
      expect(composed.filter((op) => !isNamed(`\\b${op}\\b`))).toEqual([]);
    });

    for (const [family, cases] of Object.entries(caseFamilies)) {
      describe(family, () => {
        for (const opCase of cases) test(opCase.name, () => runCase(engine, opCase, reference));
      });
    }
    testFrozenTensors(engine);
    testFrozenProducts(engine);
    testGridProducts(engine);
    testNoise(engine);
    testSteps(engine);
  });
}
