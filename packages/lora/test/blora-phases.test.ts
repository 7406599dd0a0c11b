import { uniform } from "@blora/quantizers";
import { ops } from "@blora/tensor";
import { expectAllClose, useCpuBackend } from "@blora/testing";
import { expect, test } from "vitest";
import { createBlora, storeAt } from "./support/blora.ts";
import { createMemoryStore } from "./support/memory-store.ts";
import { product, sample, siteOf } from "./support/reference.ts";

useCpuBackend();

const site = siteOf("layer.0.query", 6, 5);
const sites = [site, siteOf("layer.0.value", 3, 4)];
const at = (step: number, totalSteps = 10) => ({ step, totalSteps, seed: 0 });

/** |e_i|·‖a_i‖·‖b_i‖, written as it reads. */
function magnitudes(parameters: Readonly<Record<string, { values: Float32Array }>>, inFeatures: number): number[] {
  const rank = parameters.E!.values.length;
  return Array.from(parameters.E!.values, (e, i) => {
    const a = parameters.A!.values.slice(i * inFeatures, (i + 1) * inFeatures);
    const b = parameters.B!.values.filter((_, index) => index % rank === i);
    return Math.abs(e) * Math.hypot(...a) * Math.hypot(...b);
  });
}

test("a run warms up, learns its gates, and settles, at the steps its shares name", () => {
  const method = createBlora();
  const phases = Array.from({ length: 10 }, (_, step) => method.phase!(at(step)));
  expect(phases).toEqual(["warmup", ...Array(5).fill("gates"), ...Array(4).fill("settle")]);
});

test("even a run of one step warms up first, so that no range is set from zeros", () => {
  const method = createBlora({ phases: { warmup: 0.01, gates: 0.99, settle: 0 } });
  expect([0, 1].map((step) => method.phase!(at(step, 3)))).toEqual(["warmup", "gates"]);
  expect(() => createBlora({ phases: { warmup: 0, gates: 0.5, settle: 0.5 } })).toThrow(/phases.warmup = 0/);
  expect(() => createBlora({ phases: { warmup: 0.5, gates: 0.4, settle: 0 } })).toThrow(/sum to 1/);
});

test("the warm-up has plain matrices alone and changes nothing between steps", async () => {
  const method = createBlora();
  const store = createMemoryStore(method, sites);
  await method.beforeStep!(store, at(0));
  expect(store.calls).toEqual([]);
  expect(Object.keys(store.get(site.path).parameters)).toEqual(["A", "E", "B"]);
  expect([...store.get(site.path).parameters.E!.values]).toEqual([1, 1, 1, 1]);
});

test("components are put in the order of their size when gates start, the product unchanged", async () => {
  const method = createBlora();
  const before = (await storeAt(method, sites, 0)).get(site.path).parameters;
  const after = (await storeAt(method, sites, 1)).get(site.path).parameters;
  const sizes = magnitudes(before, 6);
  expect(sizes).not.toEqual([...sizes].sort((a, b) => b - a));
  expectAllClose(
    magnitudes(after, 6),
    [...sizes].sort((a, b) => b - a),
  );
  const delta = (parameters: typeof before) => {
    const scaled = parameters.B!.values.map((b, index) => b * parameters.E!.values[index % 4]!);
    return product(scaled, transposed(parameters.A!.values, 4, 6), 4);
  };
  expectAllClose(delta(after), delta(before));
});

test("ranges are the largest magnitudes of the trained tensors, and gates start at their logit", async () => {
  const method = createBlora({ initialGateLogit: 3 });
  const { layout, parameters } = (await storeAt(method, sites, 1)).get(site.path);
  for (const matrix of ["A", "E", "B"]) {
    const largest = parameters[matrix]!.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(Math.exp(parameters[`${matrix}.logRange`]!.values[0]!)).toBeCloseTo(largest, 5);
    expect(parameters[`${matrix}.logRange`]!.group).toBe("ranges");
  }
  expect(layout).toEqual({ phase: "gates", rank: 4, signed: { A: true, E: false, B: true }, bits: {} });
  expect(parameters.phi_rank).toEqual({ shape: [3], values: Float32Array.of(3, 3, 3), group: "gates" });
  expect(JSON.parse(JSON.stringify(layout))).toEqual(layout);
});

test("a transition happens once: a later or repeated step changes nothing", async () => {
  const method = createBlora();
  const store = await storeAt(method, sites, 1);
  const calls = store.calls.length;
  const parameters = store.get(site.path).parameters;
  await method.beforeStep!(store, at(1));
  await method.beforeStep!(store, at(5));
  expect(store.calls).toHaveLength(calls);
  expect(store.get(site.path).parameters).toBe(parameters);
});

test("activation ranges come from an observed batch: x, x·Aᵀ and x·Aᵀ ⊙ E", async () => {
  const method = createBlora({ scope: "adapter+activations" });
  const x = sample("x", 12).map((value) => Math.abs(value));
  const store = await storeAt(method, [site], 1, { input: () => ops.tensor(x, [2, 6]) });
  const { layout, parameters } = store.get(site.path);
  const afterA = product(x, parameters.A!.values, 6);
  const afterE = afterA.map((value, index) => value * parameters.E!.values[index % 4]!);
  const range = (name: string) => Math.exp(parameters[`${name}.logRange`]!.values[0]!);
  expect(range("input")).toBeCloseTo(Math.max(...x), 5);
  expect(range("afterA")).toBeCloseTo(Math.max(...afterA.map(Math.abs)), 5);
  expect(range("afterE")).toBeCloseTo(Math.max(...afterE.map(Math.abs)), 5);
  expect(layout.signed).toMatchObject({ input: false, afterA: true, afterE: true });
});

test("scope site takes the range of the frozen weight from its values", async () => {
  const method = createBlora({ scope: "site" });
  const weight = sample("W0", 30);
  const store = await storeAt(method, [site], 1, { weight: () => weight, input: () => ops.ones([2, 6]) });
  const largest = weight.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(Math.exp(store.get(site.path).parameters["W0.logRange"]!.values[0]!)).toBeCloseTo(largest, 5);
});

test("settling removes the components behind the first closed gate, fixes bits and drops gates", async () => {
  const method = createBlora();
  const store = await storeAt(method, sites, 1);
  const { parameters } = store.get(site.path);
  parameters.phi_rank!.values.set([1, -2, 1]);
  parameters["A.gates"]!.values.set([1, -3, 2]);
  parameters["B.gates"]!.values.set([-5, 2, 2]);
  await method.beforeStep!(store, at(6));
  const settled = store.get(site.path);
  expect(settled.layout).toEqual({
    phase: "settle",
    rank: 2,
    signed: { A: true, E: false, B: true },
    bits: { A: 4, E: 16, B: 2 },
  });
  expect(Object.keys(settled.parameters).sort()).toEqual(["A", "A.logRange", "B", "B.logRange", "E", "E.logRange"]);
  expect(settled.parameters.A).toEqual({ ...parameters.A, shape: [2, 6], values: parameters.A!.values.slice(0, 12) });
  expect([...settled.parameters.E!.values]).toEqual([...parameters.E!.values.slice(0, 2)]);
  expect([...settled.parameters.B!.values]).toEqual([...parameters.B!.values].filter((_, index) => index % 4 < 2));
  expect(store.get(sites[1]!.path).layout.rank).toBe(4);
});

test("independent gates remove their own component alone", async () => {
  const method = createBlora({ rankPrior: "independent" });
  const store = await storeAt(method, [site], 1);
  const { parameters } = store.get(site.path);
  parameters.phi_rank!.values.set([-2, 1, -2]);
  await method.beforeStep!(store, at(6));
  const E = parameters.E!.values;
  expect([...store.get(site.path).parameters.E!.values]).toEqual([E[0], E[2]]);
});

test("with all gates closed one component remains", async () => {
  for (const rankPrior of ["nested", "independent"] as const) {
    const method = createBlora({ rankPrior });
    const store = await storeAt(method, [site], 1);
    store.get(site.path).parameters.phi_rank!.values.fill(-6);
    for (const matrix of ["A", "E", "B"]) store.get(site.path).parameters[`${matrix}.gates`]!.values.fill(-6);
    await method.beforeStep!(store, at(6));
    expect(method.summary(site, store.get(site.path))).toEqual({ rank: 1, bits: { A: 2, E: 2, B: 2 } });
    expect(method.export(site, store.get(site.path))!.rank).toBe(1);
  }
});

test("rank 1 has no rank gates", async () => {
  const method = createBlora({ rank: 1 });
  const store = await storeAt(method, [site], 1);
  expect(store.get(site.path).parameters.phi_rank).toBeUndefined();
  await method.beforeStep!(store, at(6));
  expect(store.get(site.path).layout.rank).toBe(1);
});

test("a width of 32 settles as floating point without any quantizer parameter", async () => {
  const method = createBlora({ quantizer: uniform({ bits: 32 }) });
  const store = await storeAt(method, [site], 6);
  expect(store.get(site.path).layout).toEqual({ phase: "settle", rank: 4, signed: {}, bits: {} });
  expect(Object.keys(store.get(site.path).parameters)).toEqual(["A", "E", "B"]);
  expect(method.summary(site, store.get(site.path)).bits).toEqual({ A: 32, E: 32, B: 32 });
});

test("learnRank and learnBits each leave out their part", async () => {
  const bitsOnly = await storeAt(createBlora({ learnRank: false }), [site], 1);
  expect(bitsOnly.get(site.path).parameters.phi_rank).toBeUndefined();
  const rankOnly = await storeAt(createBlora({ learnBits: false, scope: "site" }), [site], 1);
  expect(Object.keys(rankOnly.get(site.path).parameters)).toEqual(["A", "E", "B", "phi_rank"]);
});

test("skipping the gates phase settles at the starting rank and widths", async () => {
  const method = createBlora({ phases: { warmup: 0.5, gates: 0, settle: 0.5 } });
  const store = await storeAt(method, [site], 5);
  expect(store.get(site.path).layout).toMatchObject({ phase: "settle", rank: 4, bits: { A: 16, E: 16, B: 16 } });
});

function transposed(values: ArrayLike<number>, rows: number, columns: number): number[] {
  return Array.from(
    { length: rows * columns },
    (_, index) => values[(index % rows) * columns + Math.floor(index / rows)]!,
  );
}
