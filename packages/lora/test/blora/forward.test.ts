import { bayesianBits, uniform } from "@blora/quantizers";
import { ops, valueAndGradients } from "@blora/tensor";
import {
  checkGradients,
  createTestBase,
  createTestContext,
  expectAllClose,
  useCpuBackend,
  valuesOf,
} from "@blora/testing";
import { describe, expect, test } from "vitest";
import type { BloraOptions } from "../../src/index.ts";
import { createBlora, gate, inputOf, outputs, storeAt, tracedOf } from "../support/blora.ts";
import { mergedWeight, product, siteOf } from "../support/reference.ts";

useCpuBackend();

const site = siteOf("layer.0.query", 6, 5);
const narrow = siteOf("layer.0.key", 6, 7);
const sites = [site, narrow];

const forms: [string, Partial<BloraOptions>][] = [
  ["component", {}],
  ["component, knapsack", { allocation: "knapsack", bopsTarget: 0.08 }],
  ["matrix", { granularity: "matrix", rankGate: gate, quantizer: bayesianBits({ gate }) }],
  ["activations", { scope: "adapter+activations", siteQuantizer: bayesianBits({ gate }) }],
  ["site", { scope: "site", siteQuantizer: bayesianBits({ gate }), drawShare: 0.5, gradientShare: 0.5 }],
  [
    "site, scales of rows",
    { scope: "site", siteQuantizer: uniform({ bits: [2, 4, 8], gate, grid: "absmax" }), gradientShare: 0.5 },
  ],
];

describe.each(forms)("%s", (_name, options) => {
  test("settling changes no evaluation result", async () => {
    const method = createBlora({ ...options, ...(options.allocation === undefined && { bopsTarget: undefined }) });
    const store = await storeAt(method, sites, 1);
    for (const { path } of sites) {
      for (const [name, { group, values }] of Object.entries(store.get(path).parameters)) {
        if (group === "gates") values.set(Array.from(values, (_, index) => (index % 4 < 2 ? 3 : -3)));
        expect(name).toBeDefined();
      }
    }
    const before = outputs(method, store, "eval");
    await method.training!.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
    const after = outputs(method, store, "eval");
    if (options.allocation === "knapsack") return;
    for (const [index, y] of after.entries()) expectAllClose(y, before[index]!, { absolute: 1e-5 });
  });

  test("a training pass of several sites at once is that of each alone, for equal noise", async () => {
    const method = createBlora(options);
    const store = await storeAt(method, sites, 1);
    const context = createTestContext("train", { uniform: (_path, size) => new Array<number>(size).fill(0.3) });
    const alone = sites.map((site) => method.prepare!([tracedOf(store, site)], context)[0]!.parameters);
    const together = method.prepare!(
      sites.map((site) => tracedOf(store, site)),
      context,
    );
    for (const [index, { parameters }] of together.entries()) {
      expect(Object.keys(parameters).sort()).toEqual(Object.keys(alone[index]!).sort());
      for (const [name, tensor] of Object.entries(parameters)) {
        expectAllClose(tensor, valuesOf(alone[index]![name]!), { relative: 1e-6, absolute: 1e-7 });
      }
    }
  });

  test("matrices of zeros stay zero, train with finite gradients, and export nothing that is not finite", async () => {
    const method = createBlora(options);
    const store = await storeAt(method, sites, 0);
    for (const { path } of sites) store.get(path).parameters.B!.values.fill(0);
    await method.training!.beforeStep!(store, { step: 1, totalSteps: 10, seed: 0 });
    const names = Object.keys(store.get(site.path).parameters);
    const { gradients } = valueAndGradients(
      (...tensors) => {
        const parameters = Object.fromEntries(names.map((name, index) => [name, tensors[index]!]));
        const context = createTestContext("train");
        const [adapter] = method.prepare!([{ ...tracedOf(store, site), parameters }], context);
        const y = method.apply(adapter!, inputOf(site), store.base(site.path), context);
        return ops.addN([ops.sum(ops.square(y)), ...tensors.map((tensor) => ops.mul(ops.sum(tensor), 0))]);
      },
      names.map((name) => tracedOf(store, site).parameters[name]!),
    );
    for (const gradient of gradients) expect(Array.from(valuesOf(gradient)).every(Number.isFinite)).toBe(true);
    await method.training!.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
    const update = method.export(site, store.get(site.path));
    expect([...(update?.A ?? []), ...(update?.B ?? [])].every(Number.isFinite)).toBe(true);
  });
});

test("the warm-up is plain LoRA, scaled by alpha / rank", async () => {
  const method = createBlora({ alpha: 6 });
  const store = await storeAt(method, [site], 0);
  const { A, B } = store.get(site.path).parameters;
  const x = valuesOf(inputOf(site));
  const base = valuesOf(store.base(site.path).apply(inputOf(site)));
  const update = product(product(x, A!.values, 6), B!.values, 4);
  expectAllClose(
    outputs(method, store, "train", [site])[0]!,
    update.map((value, index) => base[index]! + (6 / 4) * value),
    { absolute: 1e-5 },
  );
});

/** Mid-rise rounding of one vector at 2 bits in float64: levels ±s/2, ±3s/2 about thresholds at ±κ·rms/2, gain 1 along itself. */
function midRise2(w: readonly number[]): number[] {
  const rms = Math.sqrt(w.reduce((sum, value) => sum + value * value, 0) / w.length);
  const levels = w.map((value) => {
    const code = Math.floor(Math.max(-0.999999, Math.min(0.999999, value / (1.96 * rms))) * 2);
    return code + 0.5;
  });
  const step =
    w.reduce((sum, value) => sum + value * value, 0) / levels.reduce((sum, level, index) => sum + level * w[index]!, 0);
  return levels.map((level) => level * step);
}

test("settled components are rounded at their own widths and scales", async () => {
  const method = createBlora({ allocation: "knapsack", quantizer: uniform({ bits: [0, 2] }), bopsTarget: 2 / 32 / 2 });
  const store = await storeAt(method, [site], 6);
  const { layout, parameters } = store.get(site.path);
  expect(layout).toEqual({ phase: "settle", rank: 2, scale: 2, bits: { A: [2, 2], B: [2, 2] }, unsigned: [] });
  const A = [0, 1].flatMap((row) => midRise2([...parameters.A!.values.subarray(row * 6, row * 6 + 6)]));
  const columns = [0, 1].map((column) =>
    midRise2(Array.from({ length: 5 }, (_, o) => parameters.B!.values[o * 2 + column]!)),
  );
  const x = valuesOf(inputOf(site));
  const base = valuesOf(store.base(site.path).apply(inputOf(site)));
  const B = Array.from({ length: 10 }, (_, index) => columns[index % 2]![Math.floor(index / 2)]!);
  const update = product(product(x, A, 6), B, 2);
  expectAllClose(
    outputs(method, store, "eval", [site])[0]!,
    update.map((value, index) => base[index]! + 2 * value),
    { absolute: 1e-4 },
  );
});

test("a closed site computes the base model, costs nothing and exports nothing", async () => {
  const method = createBlora({ allocation: "knapsack", bopsTarget: 0.0085 });
  const store = await storeAt(method, sites, 6, ({ path }) => (path === site.path ? 1e-6 : 1));
  const adapter = store.get(site.path);
  expect(adapter.layout).toMatchObject({ rank: 0, bits: { A: [], B: [] } });
  expect(adapter.parameters).toEqual({});
  expect(method.export(site, adapter)).toBeUndefined();
  expect(method.usage(site, adapter).matmuls).toEqual([]);
  expect(method.summary(site, adapter)).toEqual({ rank: 0, bits: { A: [], B: [] } });
  const [y] = outputs(method, store, "train", [site]);
  expect(valuesOf(y!)).toEqual(valuesOf(store.base(site.path).apply(inputOf(site))));
});

describe("gradients through drawn gates agree with finite differences", () => {
  // Whole numbers of many bits leave the rounding all but invisible, and gates at u = 0.4 to 0.6 are between 0 and 1.
  test.each([
    ["component", { quantizer: uniform({ bits: [0, 16], gate }) }],
    ["matrix", { granularity: "matrix", rankGate: gate, quantizer: uniform({ bits: 32 }) }],
  ] as const)("%s", async (_name, options) => {
    const method = createBlora(options);
    const store = await storeAt(method, [site], 1);
    const { layout, parameters } = store.get(site.path);
    const gates = Object.keys(parameters).find((name) => name.endsWith(".gates"))!;
    const size = parameters[gates]!.values.length;
    const logits = {
      shape: parameters[gates]!.shape,
      values: Float32Array.from({ length: size }, (_, i) => 0.3 - 0.2 * i),
    };
    const context = createTestContext("train", {
      uniform: (_path, size) => Array.from({ length: size }, (_, i) => 0.4 + 0.05 * i),
    });
    checkGradients(
      (A, B, gate) => {
        const traced = { site, layout, parameters: { ...parameters, A: A!, B: B!, [gates]: gate! } };
        const [adapter] = method.prepare!([traced as never], context);
        return method.apply(adapter!, inputOf(site), store.base(site.path), context);
      },
      [parameters.A!, parameters.B!, logits],
      { relative: 5e-3, absolute: 5e-3 },
    );
  });

  test("the gradient of a gate is what opening it changes: Σ dy·(Q_wide - Q_narrow) along the chain", async () => {
    const method = createBlora({ quantizer: uniform({ bits: [0, 2, 4, 8], gate }) });
    const store = await storeAt(method, [site], 1);
    const traced = tracedOf(store, site);
    const logits = ops.tensor([0.2, 0.1, -0.2, 0.3, 0, 0.1, -0.1, 0.2, 0.1, 0.15, 0.05, 0.1], [4, 3]);
    const context = createTestContext("train", {
      uniform: (_path, size) => Array.from({ length: size }, (_, i) => 0.42 + 0.01 * i),
    });
    // A and B are held, so that the loss is smooth in the gates: sums of fixed roundings.
    checkGradients(
      (gates) => {
        const [adapter] = method.prepare!(
          [{ ...traced, parameters: { ...traced.parameters, "components.gates": gates! } }],
          context,
        );
        return method.apply(adapter!, inputOf(site), store.base(site.path), context);
      },
      [{ shape: [4, 3], values: Float32Array.from(valuesOf(logits)) }],
      { step: 0.01, relative: 5e-3, absolute: 5e-3 },
    );
  });
});

describe("the exported update", () => {
  test.each([
    ["warmup", 0],
    ["gates", 1],
    ["settle", 6],
  ] as const)("merged into the weight equals the adapted site in the phase %s", async (_phase, step) => {
    const method = createBlora({ bopsTarget: 0.12, alpha: 3 });
    const store = await storeAt(method, [site], step);
    const adapter = store.get(site.path);
    const update = method.export(site, adapter)!;
    expect(update.rank).toBe(method.summary(site, adapter).rank);
    const merged = mergedWeight(store.baseWeight(site.path), update);
    const bias = valuesOf(store.base(site.path).apply(ops.zeros([1, 6])));
    const [adapted] = outputs(method, store, "eval", [site]);
    expectAllClose(createTestBase(site, merged, bias).apply(inputOf(site)), valuesOf(adapted!), {
      relative: 1e-4,
      absolute: 1e-5,
    });
  });
});
