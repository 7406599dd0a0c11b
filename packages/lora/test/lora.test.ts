import { type Adapter, InvalidInputError, type LinearSite, type Method } from "@blora/spec";
import { ops } from "@blora/tensor";
import {
  checkGradients,
  createTestBase,
  createTestContext,
  expectAllClose,
  testMethod,
  toTensors,
  useCpuBackend,
  valuesOf,
} from "@blora/testing";
import { expect, test } from "vitest";
import { lora } from "../src/index.ts";
import { mergedWeight, product, sample, siteOf } from "./support/reference.ts";

useCpuBackend();
testMethod(lora({ rank: 3, dropout: 0.2 }));

const site = siteOf("layer.0.query", 6, 4);
const weight = sample("W0", 24);
const x = sample("x", 18);
const baseOf = (site: LinearSite, weight: ArrayLike<number>) =>
  createTestBase(site, weight, new Float32Array(site.outFeatures));
const base = () => baseOf(site, weight);
const input = () => ops.tensor(x, [3, 6]);

/** An adapter whose B is no longer zero. */
function trained(method: Method): Adapter {
  const adapter = method.init(site, 3);
  adapter.parameters.B!.values.set(sample("B", adapter.parameters.B!.values.length));
  return adapter;
}

test("step 0 computes exactly the base model", () => {
  const method = lora();
  const { layout, parameters } = method.init(site, 3);
  const traced = { site, layout, parameters: toTensors(parameters) };
  const y = method.apply(traced, input(), base(), createTestContext("train"));
  expect(Array.from(valuesOf(y))).toEqual(Array.from(valuesOf(base().apply(input()))));
});

test("A starts uniform within 1/√I, addressed by seed and site", () => {
  const method = lora({ rank: 64 });
  const wide = siteOf("wide", 256, 4);
  const values = method.init(wide, 1).parameters.A!.values;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeLessThanOrEqual(1 / 16);
  expect(largest).toBeGreaterThan(0.99 / 16);
  const variance = values.reduce((total, value) => total + value * value, 0) / values.length;
  expect(variance * 3 * 256).toBeCloseTo(1, 1);
  expect(method.init(wide, 1).parameters.A!.values).toEqual(values);
  expect(method.init(wide, 2).parameters.A!.values).not.toEqual(values);
  expect(method.init({ ...wide, path: "other" }, 1).parameters.A!.values).not.toEqual(values);
});

test.each([
  { useRslora: false, scale: 6 / 4 },
  { useRslora: true, scale: 6 / 2 },
])("the output is W0·x + $scale·B·A·x with useRslora $useRslora", ({ useRslora, scale }) => {
  const method = lora({ rank: 4, alpha: 6, useRslora });
  const { layout, parameters } = trained(method);
  const traced = { site, layout, parameters: toTensors(parameters) };
  const y = method.apply(traced, input(), base(), createTestContext("eval"));
  const update = product(product(x, parameters.A!.values, 6), parameters.B!.values, 4);
  const expected = product(x, weight, 6).map((value, index) => value + scale * update[index]!);
  expectAllClose(y, expected, { absolute: 1e-5 });
});

test("alpha is twice the rank unless it is given", () => {
  const method = lora({ rank: 3 });
  const adapter = trained(method);
  const { A, B } = method.export(site, adapter)!;
  expectAllClose(A, adapter.parameters.A!.values);
  expectAllClose(
    B,
    adapter.parameters.B!.values.map((value) => 2 * value),
  );
});

test("gradients by x, A and B agree with finite differences, with and without dropout", () => {
  for (const dropout of [0, 0.4]) {
    const method = lora({ rank: 2, alpha: 2, dropout });
    const frozen = base();
    checkGradients(
      (x, A, B) =>
        method.apply({ site, layout: {}, parameters: { A, B } }, x, frozen, createTestContext("train", { seed: 4 })),
      [
        { shape: [3, 6], values: x },
        { shape: [2, 6], values: sample("A", 12) },
        { shape: [4, 2], values: sample("B", 8) },
      ],
    );
  }
});

test("dropout zeroes inputs of the adapter in training alone and keeps their mean", () => {
  const method = lora({ rank: 1, alpha: 1, dropout: 0.25 });
  const identity = siteOf("identity", 1, 1);
  const parameters = { A: ops.ones([1, 1]), B: ops.ones([1, 1]) };
  const zero = baseOf(identity, [0]);
  const ones = ops.ones([4000, 1]);
  const y = (mode: "train" | "eval") =>
    Array.from(valuesOf(method.apply({ site: identity, layout: {}, parameters }, ones, zero, createTestContext(mode))));
  expect(new Set(y("eval"))).toEqual(new Set([1]));
  const dropped = y("train");
  expect(new Set(dropped)).toEqual(new Set([0, Math.fround(4 / 3)]));
  const share = dropped.filter((value) => value === 0).length / dropped.length;
  expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 4000));
});

test("the merged weight computes what the adapted site computes", () => {
  const method = lora({ rank: 4 });
  const adapter = trained(method);
  const traced = { site, layout: adapter.layout, parameters: toTensors(adapter.parameters) };
  const adapted = method.apply(traced, input(), base(), createTestContext("eval"));
  const merged = baseOf(site, mergedWeight(weight, method.export(site, adapter)!));
  expectAllClose(merged.apply(input()), adapted, { absolute: 1e-5 });
});

test("its products are those of A and B in 32 bit, which are also the baseline", () => {
  const method = lora({ rank: 4 });
  const expected = {
    site,
    matmuls: [
      { matrix: "A", macsPerToken: 24, keep: 1, weightBits: 32, inputBits: 32 },
      { matrix: "B", macsPerToken: 16, keep: 1, weightBits: 32, inputBits: 32 },
    ],
  };
  expect(method.usage(site, trained(method))).toEqual(expected);
  expect(method.baselineUsage(site)).toEqual(expected);
  expect(method.summary(site, trained(method))).toEqual({ rank: 4, bits: { A: 32, B: 32 } });
});

test("an imported update is trained on at its own rank and scale, and exports itself", () => {
  const method = lora({ rank: 4, alpha: 6 });
  const update = { rank: 2, A: sample("A", 12), B: sample("B", 8), scale: 0.5 };
  const adapter = method.artifacts!.import!(site, update);
  expect(method.summary(site, adapter).rank).toBe(2);
  const { layout, parameters } = adapter;
  const y = method.apply(
    { site, layout, parameters: toTensors(parameters) },
    input(),
    base(),
    createTestContext("eval"),
  );
  const change = product(product(x, update.A, 6), update.B, 2);
  expectAllClose(
    y,
    product(x, weight, 6).map((value, index) => value + 0.5 * change[index]!),
    { absolute: 1e-5 },
  );
  expect(method.export(site, adapter)).toEqual({ rank: 2, A: update.A, B: update.B.map((value) => 0.5 * value) });
});

test("bad options are one error that names each of them", () => {
  expect(() => lora({ rank: 0, dropout: 1 })).toThrow(InvalidInputError);
  expect(() => lora({ rank: 0, dropout: 1 })).toThrow(/"lora": rank: .*, found 0; dropout: .*, found 1\.$/);
  expect(() => lora({ rank: 1e9, alpha: 0 })).toThrow(
    /"lora": rank: .*<=65536, found 1000000000; alpha: .*, found 0\.$/,
  );
  expect(() => lora({ rang: 4 } as never)).toThrow('unknown key "rang" (did you mean rank');
});
