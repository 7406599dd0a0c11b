import { ops } from "@blora/tensor";
import { createTestContext, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { classesOf, dropout, parameterKit } from "../src/index.ts";

describe("dropout of what a classifier reads", () => {
  useCpuBackend();
  const x = ops.ones([40, 50]);

  test("keeps the mean in training, and leaves evaluation as it is", () => {
    const kept = Array.from(valuesOf(dropout({ context: createTestContext("train") }, x, 0.25)));
    expect(new Set(kept)).toEqual(new Set([0, Math.fround(4 / 3)]));
    expect(kept.filter((value) => value === 0).length / kept.length).toBeCloseTo(0.25, 1);
    expect(dropout({ context: createTestContext("eval") }, x, 0.25)).toBe(x);
    expect(dropout({ context: createTestContext("train") }, x, 0)).toBe(x);
  });

  test("has noise of its own at each place", () => {
    const context = createTestContext("train");
    const at = (path: string) => Array.from(valuesOf(dropout({ context }, x, 0.5, path)));
    expect(at("first")).toEqual(at("first"));
    expect(at("first")).not.toEqual(at("second"));
  });
});

test("classes are counted, one for a number, and other heads refused by the family's name", () => {
  expect(classesOf("bert", { kind: "classification", labels: ["a", "b", "c"], several: true })).toBe(3);
  expect(classesOf("bert", { kind: "token-classification", labels: ["O", "B"] })).toBe(2);
  expect(classesOf("bert", { kind: "regression" })).toBe(1);
  expect(() => classesOf("bert", { kind: "language-model" })).toThrow("bert: expected a classification, regression or");
});

test("a kit writes weights and biases with shape, role and start", () => {
  const kit = parameterKit(0.5, (name) => name.startsWith("score."));
  const normal = { kind: "normal", standardDeviation: 0.5 };
  expect(kit.dense("score", 3, 2, false)).toEqual([
    { name: "score.weight", shape: [2, 3], role: "head", init: normal },
  ]);
  expect(kit.dense("map", 3, 2)).toEqual([
    { name: "map.weight", shape: [2, 3], role: "base", init: normal },
    { name: "map.bias", shape: [2], role: "base", init: { kind: "zeros" } },
  ]);
  expect(kit.norm("norm", 3)).toEqual([
    { name: "norm.weight", shape: [3], role: "base", init: { kind: "ones" } },
    { name: "norm.bias", shape: [3], role: "base", init: { kind: "zeros" } },
  ]);
});
