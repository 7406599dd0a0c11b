import { mergedWeight } from "@blora/adapters";
import { hardConcrete } from "@blora/gates";
import { bayesianBits, uniform } from "@blora/quantizers";
import { normalValues, ops, valueAndGradients } from "@blora/tensor";
import { checkGradients, createTestContext, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import type { Scope } from "../src/index.ts";
import { createBase } from "./support/base.ts";
import { createBlora, storeAt, tracedOf } from "./support/blora.ts";
import { createMemoryStore } from "./support/memory-store.ts";
import { product, sample, siteOf } from "./support/reference.ts";

useCpuBackend();

const site = siteOf("layer.0.query", 6, 5);
const weight = sample("W0", 30);
const x = sample("x", 18);
const input = () => ops.tensor(x, [3, 6]);
const scopes: Scope[] = ["adapter", "adapter+activations", "site"];
const storeOptions = { weight: () => weight, input };
const evaluation = () => createTestContext("eval");

/** W0·x + s·B·diag(scales)·A·x over rank 4 in float64. */
function reference(
  parameters: Readonly<Record<string, { values: ArrayLike<number> }>>,
  scales: ArrayLike<number>,
  scale: number,
): number[] {
  const hidden = product(x, parameters.A!.values, 6).map((value, index) => value * scales[index % scales.length]!);
  const update = product(hidden, parameters.B!.values, scales.length);
  return product(x, weight, 6).map((value, index) => value + scale * update[index]!);
}

test("step 0 computes exactly the base model, in every scope", () => {
  for (const scope of scopes) {
    const method = createBlora({ scope });
    const base = createBase(site, weight);
    const y = method.apply(tracedOf(site, method.init(site, 1)), input(), base, createTestContext("train"));
    expect(Array.from(valuesOf(y))).toEqual(Array.from(valuesOf(base.apply(input()))));
  }
});

test("the warm-up is plain LoRA with a learned diagonal, scaled by alpha / rank", async () => {
  const method = createBlora({ alpha: 6 });
  const adapter = (await storeAt(method, [site], 0)).get(site.path);
  const y = method.apply(tracedOf(site, adapter), input(), createBase(site, weight), createTestContext("train"));
  expectAllClose(y, reference(adapter.parameters, adapter.parameters.E!.values, 6 / 4), { absolute: 1e-5 });
});

test.each([
  ["nested", [1, 0.5, 0.5 * 0.25, 0.5 * 0.25 * 0.8]],
  ["independent", [1, 0.5, 0.25, 0.8]],
] as const)("sampled %s gates scale the components in training", async (rankPrior, gates) => {
  // A gate whose sample is its noise: u = 0.5, 0.25, 0.8
  const rankGate = {
    ...hardConcrete(),
    sample: (logits: ReturnType<typeof input>, u: typeof logits) => ops.add(ops.mul(logits, 0), u),
  };
  const method = createBlora({ rankPrior, rankGate, quantizer: uniform({ bits: 32 }), alpha: 4 });
  const { parameters, layout } = (await storeAt(method, [site], 1)).get(site.path);
  const paths: string[] = [];
  const context = createTestContext("train", {
    uniform: (path) => {
      paths.push(path);
      return [0.5, 0.25, 0.8];
    },
  });
  const y = method.apply(tracedOf(site, { layout, parameters }), input(), createBase(site, weight), context);
  const scales = gates.map((gate, index) => gate * parameters.E!.values[index]!);
  expectAllClose(y, reference(parameters, scales, 1), { absolute: 1e-5 });
  expect(paths).toEqual(["layer.0.query/rank"]);
});

test("portCompat rounds the chain and passes its gradient straight through", async () => {
  const rankGate = { ...hardConcrete(), sample: (logits: ReturnType<typeof input>) => logits };
  const method = createBlora({ portCompat: true, rankGate, quantizer: uniform({ bits: 32 }), alpha: 4 });
  const { parameters, layout } = (await storeAt(method, [site], 1)).get(site.path);
  parameters.phi_rank!.values.set([0.9, 0.8, 0.5]);
  const context = createTestContext("train");
  const y = method.apply(tracedOf(site, { layout, parameters }), input(), createBase(site, weight), context);
  // The chain is 1, 0.9, 0.72, 0.36, which rounds to 1, 1, 1, 0.
  const scales = [1, 1, 1, 0].map((gate, index) => gate * parameters.E!.values[index]!);
  expectAllClose(y, reference(parameters, scales, 1), { absolute: 1e-5 });
});

test("evaluation uses hard gates: components behind a closed gate add nothing", async () => {
  const method = createBlora({ quantizer: uniform({ bits: 32 }), alpha: 4 });
  const { parameters, layout } = (await storeAt(method, [site], 1)).get(site.path);
  parameters.phi_rank!.values.set([2, -2, 2]);
  const y = method.apply(tracedOf(site, { layout, parameters }), input(), createBase(site, weight), evaluation());
  const scales = [1, 1, 0, 0].map((gate, index) => gate * parameters.E!.values[index]!);
  expectAllClose(y, reference(parameters, scales, 1), { absolute: 1e-5 });
});

describe("gradients agree with finite differences", () => {
  // No rounding, so that the function is smooth: the quantizers' own gradients are tested where they live.
  const method = createBlora({ quantizer: uniform({ bits: 32 }), dropout: 0.3 });

  test.each(["warmup", "gates"] as const)("in the phase %s", async (phase) => {
    const { layout, parameters } = (await storeAt(method, [site], phase === "warmup" ? 0 : 1)).get(site.path);
    const gated = phase === "gates" ? [{ ...parameters.phi_rank!, values: Float32Array.of(0.4, -0.3, 0.2) }] : [];
    const base = createBase(site, weight);
    const context = createTestContext("train", {
      uniform: (path, size) =>
        Array.from({ length: size }, (_, index) => (path.endsWith("rank") ? 0.5 : (index % 4) / 4)),
    });
    checkGradients(
      (x, A, E, B, phi) => {
        const own = { A: A!, E: E!, B: B!, ...(phi && { phi_rank: phi }) };
        return method.apply({ site, layout, parameters: own }, x!, base, context);
      },
      [{ shape: [3, 6], values: x }, parameters.A!, parameters.E!, parameters.B!, ...gated],
      { relative: 2e-3, absolute: 2e-3 },
    );
  });
});

describe.each(scopes)("scope %s", (scope) => {
  test("an adapter quantized to 16 bits computes nearly what it computes in float", async () => {
    const method = createBlora({ scope });
    const float = (await storeAt(method, [site], 0, storeOptions)).get(site.path);
    const rounded = (await storeAt(method, [site], 1, storeOptions)).get(site.path);
    const base = createBase(site, weight);
    const y = (adapter: typeof float) => method.apply(tracedOf(site, adapter), input(), base, evaluation());
    expectAllClose(y(rounded), y(float), { absolute: 2e-3 });
    expect(Array.from(valuesOf(y(rounded)))).not.toEqual(Array.from(valuesOf(y(float))));
  });

  test("settling changes no evaluation result", async () => {
    const method = createBlora({ scope });
    const store = await storeAt(method, [site], 1, storeOptions);
    for (const [name, { group, values }] of Object.entries(store.get(site.path).parameters)) {
      if (group === "gates") values.set(name === "phi_rank" ? [2, 2, -2] : [2, -1, 2]);
    }
    const base = createBase(site, weight);
    const y = () => method.apply(tracedOf(site, store.get(site.path)), input(), base, evaluation());
    const before = y();
    await method.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
    expect(store.get(site.path).layout).toMatchObject({ phase: "settle", rank: 3, bits: { A: 4, B: 4, E: 4 } });
    expectAllClose(y(), before, { absolute: 1e-6 });
  });

  test("zero tensors stay zero, with finite gradients and an empty export", async () => {
    const method = createBlora({ scope });
    const zeros = createMemoryStore(method, [site], {
      weight: () => new Float32Array(30),
      input: () => ops.zeros([3, 6]),
    });
    for (const { values } of Object.values(zeros.get(site.path).parameters)) values.fill(0);
    await method.beforeStep!(zeros, { step: 1, totalSteps: 10, seed: 0 });
    const adapter = zeros.get(site.path);
    const base = createBase(site, new Float32Array(30));
    const names = Object.keys(adapter.parameters);
    const x = input();
    const { value, gradients } = valueAndGradients(
      (...tensors) => {
        const parameters = Object.fromEntries(names.map((name, index) => [name, tensors[index]!]));
        const y = method.apply({ site, layout: adapter.layout, parameters }, x, base, createTestContext("train"));
        return ops.sum(ops.addN([ops.sum(y), ...tensors.map((tensor) => ops.sum(tensor))]));
      },
      names.map((name) => ops.tensor(adapter.parameters[name]!.values, [...adapter.parameters[name]!.shape])),
    );
    expect(Number.isFinite(valuesOf(value)[0])).toBe(true);
    for (const gradient of gradients) expect(Array.from(valuesOf(gradient)).every(Number.isFinite)).toBe(true);
    const y = method.apply(tracedOf(site, adapter), x, base, evaluation());
    expect(Array.from(valuesOf(y)).every((output) => output === 0)).toBe(true);
    expect(method.export(site, adapter)).toBeUndefined();
    expect(method.summary(site, adapter).rank).toBe(0);
  });
});

test("activations are rounded at the input, after A and after E, each in its observed range", async () => {
  const method = createBlora({ scope: "adapter+activations", quantizer: uniform({ bits: 4 }), alpha: 6 });
  const { layout, parameters } = (await storeAt(method, [site], 1, storeOptions)).get(site.path);
  const y = method.apply(tracedOf(site, { layout, parameters }), input(), createBase(site, weight), evaluation());
  const round = (name: string, values: ArrayLike<number>): number[] => {
    const range = Math.exp(parameters[`${name}.logRange`]!.values[0]!);
    const signed = name !== "E"; // E is positive here
    const step = ((signed ? 2 : 1) * range) / 15;
    const largest = signed ? 7 : 15;
    return Array.from(values, (value) => step * Math.max(signed ? -7 : 0, Math.min(largest, Math.round(value / step))));
  };
  const E = round("E", parameters.E!.values);
  const afterA = round("afterA", product(round("input", x), round("A", parameters.A!.values), 6));
  const scaled = afterA.map((value, index) => value * E[index % 4]!);
  const update = product(round("afterE", scaled), round("B", parameters.B!.values), 4);
  const expected = product(x, weight, 6).map((value, index) => value + (6 / 4) * update[index]!);
  expectAllClose(y, expected, { absolute: 1e-4 });
});

test("scope adapter leaves the frozen weight and its input untouched", async () => {
  const method = createBlora({ scope: "adapter+activations", quantizer: uniform({ bits: 2 }) });
  const { layout, parameters } = (await storeAt(method, [site], 1, storeOptions)).get(site.path);
  parameters.B!.values.fill(0);
  const y = method.apply(tracedOf(site, { layout, parameters }), input(), createBase(site, weight), evaluation());
  expectAllClose(y, product(x, weight, 6), { absolute: 1e-5 });
});

test("scope site rounds the frozen weight and its input", async () => {
  const method = createBlora({ scope: "site", quantizer: uniform({ bits: 2 }) });
  const { layout, parameters } = (await storeAt(method, [site], 1, storeOptions)).get(site.path);
  parameters.B!.values.fill(0);
  const y = method.apply(tracedOf(site, { layout, parameters }), input(), createBase(site, weight), evaluation());
  // Signed 2 bits: -2α/3, 0 and 2α/3.
  const round = (values: Float32Array) => {
    const range = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return values.map((value) => Math.sign(value) * (Math.abs(value) > range / 3 ? (2 * range) / 3 : 0));
  };
  expectAllClose(y, product(round(x), round(weight), 6), { absolute: 1e-5 });
});

describe("the exported update", () => {
  test.each(["warmup", "gates", "settle"] as const)(
    "merged into the weight equals the adapted site in the phase %s",
    async (phase) => {
      const gate = hardConcrete({ initialLogit: 2 });
      const method = createBlora({ quantizer: bayesianBits({ gate, maxBits: 4 }), alpha: 3 });
      const store = await storeAt(method, [site], phase === "warmup" ? 0 : 1, storeOptions);
      store.get(site.path).parameters.phi_rank?.values.set([2, 2, -2]);
      store.get(site.path).parameters["B.gates"]?.values.fill(-4);
      if (phase === "settle") await method.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
      const adapter = store.get(site.path);
      const update = method.export(site, adapter)!;
      expect(update.rank).toBe(phase === "warmup" ? 4 : 3);
      const adapted = method.apply(tracedOf(site, adapter), input(), createBase(site, weight), evaluation());
      const merged = createBase(site, mergedWeight(weight, update));
      expectAllClose(merged.apply(input()), adapted, { relative: 1e-5, absolute: 1e-5 });
    },
  );

  test("a component whose diagonal entry rounds to zero is neither exported nor counted", async () => {
    const method = createBlora({ quantizer: uniform({ bits: 2 }) });
    const store = await storeAt(method, [site], 0);
    // Unsigned 2 bits with α = 3 rounds to 0, 1, 2, 3.
    store.get(site.path).parameters.E!.values.set([3, 0.4, 1.2, 0.1]);
    await method.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
    const adapter = store.get(site.path);
    expect(adapter.layout.rank).toBe(4);
    expect(method.export(site, adapter)!.rank).toBe(2);
    expect(method.summary(site, adapter).rank).toBe(2);
    const adapted = method.apply(tracedOf(site, adapter), input(), createBase(site, weight), evaluation());
    const merged = createBase(site, mergedWeight(weight, method.export(site, adapter)));
    expectAllClose(merged.apply(input()), adapted, { relative: 1e-5, absolute: 1e-5 });
  });
});

test("observed extremes are those of the float activations", () => {
  const method = createBlora({ scope: "site", rank: 2 });
  const adapter = method.init(site, 1);
  adapter.parameters.E!.values.set([2, -1]);
  const rows = normalValues({ seed: 1, step: 0, path: "rows" }, 12);
  const records = method.observe!(
    tracedOf(site, adapter),
    ops.tensor(rows, [2, 6]),
    createBase(site, weight),
    evaluation(),
  );
  const afterA = product(rows, adapter.parameters.A!.values, 6);
  const afterE = afterA.map((value, index) => value * [2, -1][index % 2]!);
  for (const [name, values] of Object.entries({ input: [...rows], afterA, afterE })) {
    expectAllClose(records[`${name}.min`]!, [Math.min(...values)]);
    expectAllClose(records[`${name}.max`]!, [Math.max(...values)]);
  }
  expect(createBlora().observe).toBeUndefined();
});
