import { InvalidInputError, type LinearSite, type Method, type Progress } from "@blora/spec";
import { ops, valueAndGradients } from "@blora/tensor";
import {
  bitCost,
  checkGradients,
  createTestBase,
  createTestContext,
  createTestStore,
  expectAllClose,
  type TestStore,
  testMethod,
  toTensors,
  useCpuBackend,
  valuesOf,
} from "@blora/testing";
import { expect, test } from "vitest";
import { budgetAt, budgetSchedule } from "../src/adalora/budget.ts";
import { orthogonalityPenalty } from "../src/adalora/orthogonality.ts";
import { adalora } from "../src/index.ts";
import { mergedWeight, product, sample, siteOf } from "./support/reference.ts";

useCpuBackend();
testMethod(adalora({ initialRank: 4, targetRank: 2, dropout: 0.2 }));

const site = siteOf("layer.0.query", 6, 4);
const sites = [site, siteOf("layer.0.value", 5, 3)];
const weight = sample("W0", 24);
const x = sample("x", 18);
const baseOf = (site: LinearSite, weight: ArrayLike<number>) =>
  createTestBase(site, weight, new Float32Array(site.outFeatures));

/** AdaLoRA observes no activations. */
const storeOf = (method: Method, sites: readonly LinearSite[]): TestStore =>
  createTestStore(method, sites, 0, ({ path }) => expect.fail(`observed ${path}`));

/** Gradients of every trained matrix, the same value everywhere. */
function gradientsOf(store: TestStore, value: (path: string, matrix: string, index: number) => number) {
  return new Map(
    store.sites.flatMap(({ path }) =>
      ["A", "E", "B"].map((matrix) => {
        const { values } = store.get(path).parameters[matrix]!;
        return [`${path}/${matrix}`, values.map((_, index) => value(path, matrix, index))] as const;
      }),
    ),
  );
}

const at = (step: number, totalSteps: number): Progress => ({ step, totalSteps, seed: 0 });

test("the budget falls from 216 to 72 as the cubic schedule says", () => {
  const options = {
    ...{ initialRank: 3, targetRank: 1, alpha: 32, dropout: 0, orthogonality: 0.1, beta1: 0.85, beta2: 0.85 },
    ...{ tInit: 800, tFinal: 3500, deltaT: 10 },
  };
  const schedule = budgetSchedule(options, 72, 6700);
  expect([810, 1000, 2000, 3000, 3200].map((step) => budgetAt(schedule, step).components)).toEqual([
    214, 182, 90, 72, 72,
  ]);
  expect([800, 805, 810, 3201, 3205, 6699].map((step) => budgetAt(schedule, step).masks)).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
  expect(budgetAt(schedule, 800).components).toBe(216);
});

test("a run no longer than tInit + tFinal is refused before its first step", () => {
  const method = adalora({ tInit: 50, tFinal: 50 });
  const store = storeOf(method, sites);
  expect(() => method.training!.beforeStep!(store, at(0, 100))).toThrow(InvalidInputError);
  expect(() => method.training!.beforeStep!(store, at(0, 100))).toThrow(/100 steps, tInit = 50 and tFinal = 50/);
  expect(() => method.training!.beforeStep!(store, at(0, 101))).not.toThrow();
});

test("a target above the initial rank is refused", () => {
  expect(() => adalora({ initialRank: 4, targetRank: 5 })).toThrow(/targetRank: .*found 5/);
  expect(() => adalora({ tInit: 1.5 })).toThrow(/tInit: .*found 1.5/);
  expect(() => adalora({ tinit: 0.1 } as never)).toThrow('unknown key "tinit" (did you mean tInit');
});

test("step 0 computes exactly the base model and has rank 0", () => {
  const method = adalora();
  const adapter = method.init(site, 3);
  const base = baseOf(site, weight);
  const traced = { site, layout: adapter.layout, parameters: toTensors(adapter.parameters) };
  const y = method.apply(traced, ops.tensor(x, [3, 6]), base, createTestContext("train"));
  expect(Array.from(valuesOf(y))).toEqual(Array.from(valuesOf(base.apply(ops.tensor(x, [3, 6])))));
  expect(method.export(site, adapter)).toBeUndefined();
  const deviation = Math.sqrt(
    adapter.parameters.A!.values.reduce((total, value) => total + value * value, 0) /
      adapter.parameters.A!.values.length,
  );
  expect(deviation).toBeGreaterThan(0.015);
  expect(deviation).toBeLessThan(0.025);
});

test("the output is W0·x + alpha/(rank + 1e-5)·B·diag(E)·A·x, and the merged weight computes it", () => {
  const method = adalora({ initialRank: 3, targetRank: 1, alpha: 5 });
  const adapter = method.init(site, 3);
  adapter.parameters.E!.values.set([2, 0, -1]);
  const traced = { site, layout: adapter.layout, parameters: toTensors(adapter.parameters) };
  const y = method.apply(traced, ops.tensor(x, [3, 6]), baseOf(site, weight), createTestContext("eval"));
  const hidden = product(x, adapter.parameters.A!.values, 6).map((value, index) => value * [2, 0, -1][index % 3]!);
  const update = product(hidden, adapter.parameters.B!.values, 3);
  const expected = product(x, weight, 6).map((value, index) => value + (5 / 3.00001) * update[index]!);
  expectAllClose(y, expected, { absolute: 1e-5 });

  const exported = method.export(site, adapter)!;
  expect(exported.rank).toBe(2);
  const merged = baseOf(site, mergedWeight(weight, exported));
  expectAllClose(merged.apply(ops.tensor(x, [3, 6])), y, { absolute: 1e-5 });
  expect(method.summary(site, adapter).rank).toBe(2);
  expect(method.usage(site, adapter).matmuls.map(({ macsPerToken, keep }) => macsPerToken * keep)).toEqual([12, 2, 8]);
});

test("the orthogonality penalty is the mean unsquared norm, with a gradient of 0 at orthogonal matrices", () => {
  const identity = {
    site,
    layout: {},
    parameters: { A: ops.tensor([1, 0, 0, 1], [2, 2]), B: ops.tensor([0, 1, 1, 0], [2, 2]) },
  };
  // A·Aᵀ - I = [[3, 0], [0, 0]], Bᵀ·B - I = [[0, 2], [2, 4]] for B = [[1, 2], [0, 1]]
  const scaled = {
    site,
    layout: {},
    parameters: { A: ops.tensor([2, 0, 0, 1], [2, 2]), B: ops.tensor([1, 2, 0, 1], [2, 2]) },
  };
  expectAllClose(orthogonalityPenalty([scaled]), [(3 + Math.sqrt(24)) / 2]);
  expectAllClose(orthogonalityPenalty([scaled, identity]), [(3 + Math.sqrt(24)) / 4]);
  const { gradients } = valueAndGradients(
    (A, B) => orthogonalityPenalty([{ site, layout: {}, parameters: { A, B } }]),
    [identity.parameters.A, identity.parameters.B],
  );
  expect(gradients.flatMap((gradient) => Array.from(valuesOf(gradient)))).toEqual(Array(8).fill(0));
  checkGradients(
    (A, B) =>
      adalora({ orthogonality: 0.5 }).training!.penalty!([{ site, layout: {}, parameters: { A, B } }], bitCost)!,
    [
      { shape: [2, 3], values: sample("A", 6) },
      { shape: [4, 2], values: sample("B", 8) },
    ],
  );
});

test("importance and uncertainty are averaged as the paper says", () => {
  const method = adalora({ initialRank: 2, targetRank: 1, tInit: 90, tFinal: 5 });
  const store = storeOf(method, [site]);
  const { parameters } = store.get(site.path);
  parameters.E!.values.set([2, -4]);
  method.training!.afterStep!(
    store,
    at(0, 100),
    gradientsOf(store, () => 0.5),
  );
  // I = |2 · 0.5| = 1 and 2: Ī = 0.15·I, U = 0.15·|I - Ī|
  expectAllClose(parameters["importance.E"]!, [0.15, 0.3]);
  expectAllClose(parameters["uncertainty.E"]!, [0.15 * 0.85, 0.15 * 1.7]);
  method.training!.afterStep!(
    store,
    at(1, 100),
    gradientsOf(store, () => 1),
  );
  // I = 2 and 4: Ī = 0.85·0.15 + 0.15·2 = 0.4275, U = 0.85·0.1275 + 0.15·|2 - 0.4275|
  expectAllClose(parameters["importance.E"]!, [0.4275, 0.855]);
  expectAllClose(parameters["uncertainty.E"]!, [0.34425, 0.6885]);
  expect(parameters["importance.E"]!.group).toBe("frozen");
});

test("masking keeps the best components of all sites together, and they can grow back", () => {
  const method = adalora({ initialRank: 4, targetRank: 2, tInit: 0, tFinal: 1, deltaT: 1 });
  const store = storeOf(method, sites);
  const total = 3;
  const setE = () => {
    store.get(sites[0]!.path).parameters.E!.values.set([1, 8, 2, 7]);
    store.get(sites[1]!.path).parameters.E!.values.set([3, 4, 5, 6]);
  };
  setE();
  const gradients = gradientsOf(store, (_path, matrix) => (matrix === "E" ? 1 : 0));
  method.training!.afterStep!(store, at(1, total), gradients);
  // b = 4 + 4·(1 - 1/2)³ = 4.5, so the 4 best of 8 stay
  expect([...store.get(sites[0]!.path).parameters.E!.values]).toEqual([0, 8, 0, 7]);
  expect([...store.get(sites[1]!.path).parameters.E!.values]).toEqual([0, 0, 5, 6]);
  expect(method.summary(sites[1]!, store.get(sites[1]!.path)).rank).toBe(2);

  setE();
  method.training!.afterStep!(
    store,
    at(2, total),
    gradientsOf(store, () => 0),
  );
  expect([...store.get(sites[0]!.path).parameters.E!.values]).toEqual([0, 8, 0, 7]);
});

test("components that tie at the threshold go together", () => {
  const method = adalora({ initialRank: 4, targetRank: 1, tInit: 0, tFinal: 1 });
  const store = storeOf(method, [site]);
  const { E } = store.get(site.path).parameters;
  E!.values.set([5, 5, 5, 5]);
  method.training!.afterStep!(
    store,
    at(1, 3),
    gradientsOf(store, (_path, matrix) => (matrix === "E" ? 1 : 0)),
  );
  expect([...E!.values]).toEqual([0, 0, 0, 0]);
  expect(method.export(site, store.get(site.path))).toBeUndefined();
});

test("nothing is masked where target and initial rank are the same", () => {
  const method = adalora({ initialRank: 2, targetRank: 2, tInit: 0, tFinal: 1 });
  const store = storeOf(method, [site]);
  const { E } = store.get(site.path).parameters;
  E!.values.set([1, 2]);
  for (const step of [0, 1, 2])
    method.training!.afterStep!(
      store,
      at(step, 3),
      gradientsOf(store, () => 1),
    );
  expect([...E!.values]).toEqual([1, 2]);
});

test("scores freeze over the final steps", () => {
  const method = adalora({ initialRank: 2, targetRank: 1, tInit: 1, tFinal: 2 });
  const store = storeOf(method, [site]);
  const { parameters } = store.get(site.path);
  parameters.E!.values.set([1, 2]);
  method.training!.afterStep!(
    store,
    at(3, 5),
    gradientsOf(store, () => 1),
  );
  expect([...parameters["importance.E"]!.values]).toEqual([0, 0]);
  expect([0, 1, 2, 3, 4].map((step) => method.training!.phase!(at(step, 5)))).toEqual([
    "warmup",
    "warmup",
    "budget",
    "budget",
    "final",
  ]);
});

test("a schedule that masks nothing is refused, and one that ends above its budget is told", async () => {
  const options = { initialRank: 4, targetRank: 2 };
  const schedule = { alpha: 8, dropout: 0, orthogonality: 0.1, beta1: 0.85, beta2: 0.85 };
  const of = (tInit: number, tFinal: number, deltaT: number, steps: number) =>
    budgetSchedule({ ...options, ...schedule, tInit, tFinal, deltaT }, 2, steps);
  expect(() => of(0, 0, 100, 8)).toThrow(
    "adalora: expected a step that masks components, found none: deltaT = 100, tInit = 0 and tFinal = 0 of 8 steps. Shorten deltaT, or give tFinal two steps or more.",
  );
  expect(() => of(4, 1, 4, 8)).toThrow(InvalidInputError);
  expect(of(3, 1, 4, 8).interval).toBe(4);
  expect(of(0, 2, 100, 8).interval).toBe(100);

  const method = adalora(options);
  const store = storeOf(method, sites);
  const adapters = new Map(sites.map(({ path }) => [path, store.get(path)]));
  const warned = (step = 8) => method.training!.warnings!(sites, adapters, bitCost, { step, totalSteps: 8, seed: 0 });
  expect(warned()).toEqual([]);
  store.get(sites[0]!.path).parameters.E!.values.fill(1);
  expect(warned()).toEqual([]);
  store.get(sites[1]!.path).parameters.E!.values[0] = 1;
  expect(warned()).toEqual([expect.stringContaining("5 components are left where targetRank 2 is 4")]);
  expect(warned(0)).toEqual([]);
});
