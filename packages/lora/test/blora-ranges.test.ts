import { uniform } from "@blora/quantizers";
import { useCpuBackend } from "@blora/testing";
import { expect, test } from "vitest";
import { createBlora, storeAt } from "./support/blora.ts";
import { siteOf } from "./support/reference.ts";

useCpuBackend();

const site = siteOf("layer.0.query", 12, 10);
const at = (step: number) => ({ step, totalSteps: 10, seed: 0 });
const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

test("ranges of trained matrices grow with them, while gates are learned and once they are settled", async () => {
  const method = createBlora();
  const store = await storeAt(method, [site], 1);
  for (const step of [3, 8]) {
    await method.beforeStep!(store, at(step));
    const { parameters } = store.get(site.path);
    for (const matrix of ["A", "B"] as const) {
      const { values } = parameters[matrix]!;
      values.set(values.map((value) => 2 * value));
    }
    method.afterStep!(store, at(step), new Map());
    for (const matrix of ["A", "B"] as const) {
      const range = Math.exp(parameters[`${matrix}.logRange`]!.values[0]!);
      expect(range).toBeCloseTo(largest(parameters[matrix]!.values), 5);
    }
  }
});

test("a range learned to be wider than the matrix stays", async () => {
  const method = createBlora();
  const store = await storeAt(method, [site], 1);
  const { values } = store.get(site.path).parameters["B.logRange"]!;
  values[0] = values[0]! + 1;
  const learned = values[0];
  method.afterStep!(store, at(3), new Map());
  expect(values[0]).toBe(learned);
});

test("a range that is not trained stays where it was set", async () => {
  const method = createBlora({ quantizer: uniform({ bits: 4, learnRange: false }) });
  const store = await storeAt(method, [site], 1);
  const { parameters } = store.get(site.path);
  const set = parameters["B.logRange"]!.values[0];
  parameters.B!.values.set(parameters.B!.values.map((value) => 2 * value));
  method.afterStep!(store, at(3), new Map());
  expect(parameters["B.logRange"]!.values[0]).toBe(set);
});
