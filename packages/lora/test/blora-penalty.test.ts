import { hardConcrete } from "@blora/gates";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { TracedAdapter } from "@blora/spec";
import { ops, valueAndGradients } from "@blora/tensor";
import { bitCost, checkGradients, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { createBlora, storeAt, tracedOf } from "./support/blora.ts";
import { siteOf } from "./support/reference.ts";
import { train } from "./support/train.ts";

useCpuBackend();

const site = siteOf("layer.0.query", 6, 5);
const sites = [site, siteOf("layer.0.value", 3, 4)];
const gate = hardConcrete();
const q = (logit: number) => 1 / (1 + Math.exp(-(logit + (2 / 3) * Math.log(11))));

/** b̄ of widths 2, 4, 8, 16 with every gate at φ = 2 */
const BITS_AT_2 = 15.114176525;

async function tracedAt(method: ReturnType<typeof createBlora>, step: number): Promise<TracedAdapter[]> {
  const store = await storeAt(method, sites, step, { input: (s) => ops.ones([2, s.inFeatures]) });
  return sites.map((s) => tracedOf(s, store.get(s.path)));
}

test("rank gates [3, 1, -1, 2] are expected to keep 4.085038709 of 5 components", async () => {
  const method = createBlora({ rank: 5, learnBits: false, penaltyStrength: 1 });
  const store = await storeAt(method, [site], 1);
  store.get(site.path).parameters.phi_rank!.values.set([3, 1, -1, 2]);
  const adapter = store.get(site.path);
  expectAllClose(method.penalty!([tracedOf(site, adapter)], bitCost)!, [4.085038709 / 5]);
  expect(method.summary(site, adapter).rank).toBe(3);
});

test("the price is the expected share of what 32 bits at full rank cost", async () => {
  const method = createBlora({ penaltyStrength: 0.7 });
  const keep = (1 + q(2) + q(2) ** 2 + q(2) ** 3) / 4;
  expectAllClose(method.penalty!(await tracedAt(method, 1), bitCost)!, [(0.7 * keep * BITS_AT_2) / 32]);
});

test("with quantized activations both widths of every product are priced", async () => {
  const method = createBlora({ penaltyStrength: 1, scope: "adapter+activations", learnRank: false });
  expectAllClose(method.penalty!(await tracedAt(method, 1), bitCost)!, [(BITS_AT_2 / 32) ** 2]);
});

test("at scope site the frozen product is priced at full rank", async () => {
  const method = createBlora({ penaltyStrength: 1, scope: "site", learnBits: false });
  const keep = (1 + q(2) + q(2) ** 2 + q(2) ** 3) / 4;
  const adapters = await tracedAt(method, 1);
  const trained = 4 * (6 + 1 + 5) + 4 * (3 + 1 + 4);
  const frozen = 6 * 5 + 3 * 4;
  expectAllClose(method.penalty!(adapters, bitCost)!, [(trained * keep + frozen) / (trained + frozen)]);
});

test("the price lies between 0 and its strength whatever the number and size of sites", async () => {
  const method = createBlora({ penaltyStrength: 1 });
  const adapters = await tracedAt(method, 1);
  const open = adapters.map((adapter) => ({
    ...adapter,
    parameters: Object.fromEntries(
      Object.entries(adapter.parameters).map(([name, tensor]) => [
        name,
        /gates|phi/.test(name) ? ops.add(tensor, 100) : tensor,
      ]),
    ),
  }));
  expectAllClose(method.penalty!(open, bitCost)!, [16 / 32]);
  expectAllClose(method.penalty!(open.slice(0, 1), bitCost)!, [16 / 32]);
});

test("const weighs ranks and widths alike whatever they cost", async () => {
  const method = createBlora({ penaltyStrength: 1, penalty: "const" });
  const keep = (1 + q(2) + q(2) ** 2 + q(2) ** 3) / 4;
  expectAllClose(method.penalty!(await tracedAt(method, 1), bitCost)!, [(keep + (3 * BITS_AT_2) / 32) / 4]);
});

test("independent gates price their own component alone", async () => {
  const method = createBlora({ penaltyStrength: 1, learnBits: false, rankPrior: "independent" });
  expectAllClose(method.penalty!(await tracedAt(method, 1), bitCost)!, [(1 + 3 * q(2)) / 4]);
});

test("portCompat takes the independent mean of the rank gates times the width of E, summed over quantizers", async () => {
  const method = createBlora({ penaltyStrength: 1, portCompat: true });
  const perSite = (q(2) * BITS_AT_2 + 2 * BITS_AT_2) / 32;
  expectAllClose(method.penalty!(await tracedAt(method, 1), bitCost)!, [2 * perSite]);
  const first = createBlora({ penaltyStrength: 1, portCompat: true, learnBits: false, rank: 8 });
  const meanOf = async (closed: number) => {
    const store = await storeAt(first, [site], 1);
    const logits = store.get(site.path).parameters.phi_rank!.values.fill(6);
    logits[closed] = -6;
    return valuesOf(first.penalty!([tracedOf(site, store.get(site.path))], bitCost)!)[0]!;
  };
  // Nesting does not show: it is the same price whichever gate is closed.
  expect(await meanOf(0)).toBeCloseTo(await meanOf(6), 6);
});

describe("there is no penalty", () => {
  test.each([
    ["in the warm-up", 0, {}],
    ["once settled", 6, {}],
    ["at strength 0", 1, { penaltyStrength: 0 }],
    ["where neither rank nor bits are learned", 1, { learnRank: false, learnBits: false }],
  ])("%s", async (_when, step, options) => {
    const method = createBlora(options);
    expect(method.penalty!(await tracedAt(method, step), bitCost)).toBeUndefined();
  });
});

test("its gradients by every gate agree with finite differences", async () => {
  const method = createBlora({ penaltyStrength: 3 });
  const [adapter] = (await tracedAt(method, 1)) as [TracedAdapter];
  checkGradients(
    (phi, bits) => {
      const parameters = { ...adapter.parameters, phi_rank: phi!, "A.gates": bits! };
      return method.penalty!([{ ...adapter, parameters }], bitCost)!;
    },
    [
      [0.5, -1, 0.2],
      [0.3, -0.4, 1],
    ],
    { absolute: 1e-4 },
  );
});

test("a closed rank gate leaves no price on the gates behind it", async () => {
  const method = createBlora({ penaltyStrength: 1, learnBits: false });
  const store = await storeAt(method, [site], 1);
  const adapter = tracedOf(site, store.get(site.path));
  const { gradients } = valueAndGradients(
    (phi) => method.penalty!([{ ...adapter, parameters: { ...adapter.parameters, phi_rank: phi! } }], bitCost)!,
    [ops.tensor([-40, 2, 2])],
  );
  const [first, second, third] = Array.from(valuesOf(gradients[0]!)) as [number, number, number];
  for (const gradient of [first, second, third]) expect(Math.abs(gradient)).toBeLessThan(1e-12);
  expect(Number.isFinite(first)).toBe(true);
});

describe("step budget of the gates under Adam, the penalty alone", () => {
  async function stepsToClose(initialGateLogit: number, rate: number, penaltyStrength: number): Promise<number> {
    const method = createBlora({
      ...{ rank: 8, learnBits: false, initialGateLogit, penaltyStrength, rankGate: gate },
      phases: { warmup: 0.001, gates: 0.999, settle: 0 },
    });
    const store = await storeAt(method, [site], 0);
    let closed = Number.POSITIVE_INFINITY;
    const afterStep = (step: number) => {
      const logits = store.get(site.path).parameters.phi_rank?.values ?? [];
      if (closed === Number.POSITIVE_INFINITY && Array.from(logits).some((logit) => !gate.isOn(logit))) closed = step;
    };
    await train(method, store, { steps: 800, rates: { gates: rate }, afterStep });
    return closed;
  }

  test("from 6 at rate 0.01 the first gate closes after about 350 steps, whatever the strength", async () => {
    const weak = await stepsToClose(6, 1e-2, 1e-3);
    const strong = await stepsToClose(6, 1e-2, 1);
    expect(weak).toBeGreaterThan(300);
    expect(weak).toBeLessThan(420);
    expect(Math.abs(weak - strong)).toBeLessThanOrEqual(12);
  });

  test("three times the gate travel over the steps of the phase closes every gate in time", async () => {
    const method = createBlora({ penaltyStrength: 0.1, rank: 8, phases: { warmup: 0.01, gates: 0.99, settle: 0 } });
    expect(method.gateTravel()).toBeCloseTo(2 + 0.935303, 5);
    const store = await storeAt(method, [site], 0);
    await train(method, store, { steps: 100, rates: { gates: (3 * method.gateTravel()) / 99 } });
    expect(method.summary(site, store.get(site.path))).toEqual({ rank: 1, bits: { A: 2, E: 2, B: 2 } });
  });

  test("the travel is that of the furthest gate, and 0 without gates", () => {
    const six = bayesianBits({ gate });
    expect(createBlora({ quantizer: six }).gateTravel()).toBeCloseTo(6 + 0.935303, 5);
    expect(createBlora({ quantizer: uniform({ bits: 8 }), initialGateLogit: 1 }).gateTravel()).toBeCloseTo(1.935303, 5);
    expect(createBlora({ quantizer: uniform({ bits: 8 }), rank: 1 }).gateTravel()).toBe(0);
  });
});
