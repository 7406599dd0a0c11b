import { bops } from "@blora/bops";
import { hardConcrete } from "@blora/gates";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { LinearSite } from "@blora/spec";
import { ops } from "@blora/tensor";
import { bitCost, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layoutOf } from "../src/blora/layout.ts";
import type { BloraMethod, Scope } from "../src/index.ts";
import { createBlora, storeAt, tracedOf } from "./support/blora.ts";
import type { MemoryStore } from "./support/memory-store.ts";
import { sample, siteOf } from "./support/reference.ts";
import { train } from "./support/train.ts";

useCpuBackend();

const scopes: readonly Scope[] = ["adapter", "adapter+activations", "site"];
const sites = Array.from({ length: 8 }, (_, index) => siteOf(`layer.${index}.query`, 32, 24 + 8 * (index % 2)));
const storeOptions = {
  weight: ({ path, inFeatures, outFeatures }: LinearSite) => sample(`${path}/W0`, inFeatures * outFeatures),
  input: ({ path, inFeatures }: LinearSite) => ops.tensor(sample(`${path}/x`, 4 * inFeatures), [4, inFeatures]),
};
const at = (step: number) => ({ step, totalSteps: 10, seed: 0 });

/** What a summary reports: exact cost over exact cost of the baseline. */
function measuredShare(method: BloraMethod, store: MemoryStore): number {
  const { sites } = store;
  const total = bops().measured(
    sites.map((site) => method.usage(site, store.get(site.path))),
    1,
  ).total;
  const baseline = bops().measured(
    sites.map((site) => method.baselineUsage(site)),
    1,
  ).total;
  return Number(total) / Number(baseline);
}

describe.each(scopes)("at scope %s", (scope) => {
  test("hard gates end at or under the budget and within 2 % of it, wherever the logits are", async () => {
    const targets = scope === "adapter" ? [0.03, 0.45] : [0.015, 0.2];
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: targets[0]!, max: targets[1]!, noNaN: true }),
        fc.integer({ min: 0, max: 1000 }),
        async (bopsTarget, noise) => {
          const method = createBlora({ scope, bopsTarget });
          const store = await storeAt(method, sites, 1, storeOptions);
          for (const { path } of sites) {
            for (const [name, { group, values }] of Object.entries(store.get(path).parameters)) {
              if (group === "gates") values.set(sample(`${noise}/${path}/${name}`, values.length, 4));
            }
          }
          await method.beforeStep!(store, at(6));
          const share = measuredShare(method, store);
          expect(share).toBeLessThanOrEqual(bopsTarget);
          expect(share).toBeGreaterThanOrEqual(0.98 * bopsTarget);
        },
      ),
      { numRuns: 8 },
    );
  });
});

test("a budget one rounding step below a cost that can be reached is not exceeded by that step", async () => {
  const reached = async (bopsTarget: number): Promise<number> => {
    const method = createBlora({ bopsTarget });
    const store = await storeAt(method, sites, 1);
    await method.beforeStep!(store, at(6));
    return measuredShare(method, store);
  };
  for (let percent = 4; percent < 45; percent += 2) {
    const target = percent / 100;
    const justBelow = (await reached(target)) * (1 - Number.EPSILON / 2);
    expect(await reached(justBelow)).toBeLessThanOrEqual(justBelow);
  }
});

test("gates open in the order of their logits, a chain as far as its lowest one", async () => {
  const [site] = sites as [LinearSite];
  const method = createBlora({ quantizer: uniform({ bits: 8 }), bopsTarget: 0.5 * (8 / 32) + 0.01 });
  const store = await storeAt(method, [site], 1);
  store.get(site.path).parameters.phi_rank!.values.set([0.2, -3, 5]);
  await method.beforeStep!(store, at(6));
  // Two of four components fit: the gate at 5 lies behind one at -3.
  expect(store.get(site.path).layout).toMatchObject({ phase: "settle", rank: 2 });
});

const pair = sites.slice(0, 2) as [LinearSite, LinearSite];

test("the rank goes where the logits are highest", async () => {
  const method = createBlora({ quantizer: uniform({ bits: 8 }), bopsTarget: (8 / 32) * 0.665 });
  const store = await storeAt(method, pair, 1);
  store.get(pair[0]!.path).parameters.phi_rank!.values.set([-1, -2, -3]);
  store.get(pair[1]!.path).parameters.phi_rank!.values.set([1, 0.5, 0.2]);
  await method.beforeStep!(store, at(6));
  expect(pair.map(({ path }) => store.get(path).layout.rank)).toEqual([1, 4]);
});

/** Cost of the pair with these widths of A and B, these ranks, and E at 16 bits, as a share of the baseline's. */
function shareOf(layout: readonly (readonly number[])[]): number {
  const costs = layout.map(([A, B, rank], index) => {
    const { inFeatures, outFeatures } = pair[index]!;
    return { cost: rank! * (A! * inFeatures + 16 + B! * outFeatures), full: 4 * 32 * (inFeatures + outFeatures) };
  });
  const sum = (of: "cost" | "full") => costs.reduce((total, { [of]: value }) => total + value, 0);
  return sum("cost") / sum("full");
}

/** Widths of A and B, and the rank, of each of the pair as a budget leaves them. Logits are of the first. */
async function settledAt(
  bopsTarget: number,
  logits: Readonly<Record<string, readonly number[]>>,
): Promise<readonly (readonly number[])[]> {
  const method = createBlora({ bopsTarget });
  const store = await storeAt(method, pair, 1);
  for (const { path } of pair) store.get(path).parameters.phi_rank!.values.fill(3);
  for (const [name, values] of Object.entries(logits)) store.get(pair[0].path).parameters[name]!.values.set(values);
  await method.beforeStep!(store, at(6));
  return pair.map(({ path }) => {
    const { bits, rank } = layoutOf(store.get(path));
    return [bits.A!, bits.B!, rank];
  });
}

test("no operand stays at 2 bits while another goes beyond 4, nor at 4 while another goes to 16", async () => {
  const lowest = { "A.gates": [-3, -3, -3] };
  for (const bits of [4, 8]) {
    const layout = [
      [bits, bits, 4],
      [bits, bits, 4],
    ];
    expect(await settledAt(shareOf(layout), lowest)).toEqual(layout);
  }
});

test("components compete with the gates that open 8 bits: after 4, before 16", async () => {
  const kept = [
    [4, 4, 4],
    [4, 4, 2],
  ];
  expect(await settledAt(shareOf(kept), { phi_rank: [5, 5, 5] })).toEqual(kept);
  const closed = [
    [8, 8, 1],
    [8, 8, 4],
  ];
  expect(await settledAt(shareOf(closed), { phi_rank: [-5, -5, -5] })).toEqual(closed);
});

describe("λ", () => {
  /** λ now and then in a gates phase of 80 steps whose gates do not move. */
  async function strengths(bopsTarget: number, logit: number): Promise<number[]> {
    const method = createBlora({ bopsTarget, phases: { warmup: 0.1, gates: 0.8, settle: 0.1 } });
    const store = await storeAt(method, sites, 1);
    for (const { path } of sites) {
      for (const { group, values } of Object.values(store.get(path).parameters)) {
        if (group === "gates") values.fill(logit);
      }
    }
    return [70, 72, 74, 76].map((step) => {
      method.afterStep!(store, { step, totalSteps: 100, seed: 0 }, new Map());
      return store.get(sites[0]!.path).parameters.budget!.values[1]!;
    });
  }

  test("rises while the expected cost is above the target, and falls while it is below", async () => {
    const rising = await strengths(0.3, 2);
    const falling = await strengths(0.4, -0.5);
    for (let index = 1; index < 4; index++) {
      expect(rising[index]).toBeGreaterThan(rising[index - 1]!);
      expect(falling[index]).toBeLessThan(falling[index - 1]!);
    }
    expect(rising[3]).toBeGreaterThan(0.05);
    expect(falling[3]).toBeLessThan(0.05);
  });

  test("is what the penalty is multiplied by", async () => {
    const method = createBlora({ bopsTarget: 0.2 });
    const plain = createBlora({ penaltyStrength: 1 });
    const store = await storeAt(method, sites, 1);
    const penalty = (of: BloraMethod) =>
      valuesOf(
        of.penalty!(
          sites.map((site) => tracedOf(site, store.get(site.path))),
          bitCost,
        )!,
      )[0]!;
    store.get(sites[0]!.path).parameters.budget!.values[0] = 0.7;
    const unbudgeted = sites.map((site) => {
      const { layout, parameters } = store.get(site.path);
      const { budget: _, ...others } = parameters;
      return tracedOf(site, { layout, parameters: others });
    });
    expect(penalty(method)).toBeCloseTo(0.7 * valuesOf(plain.penalty!(unbudgeted, bitCost)!)[0]!, 5);
  });
});

/** Share of the baseline's cost that the gates are expected to leave. */
function expectedShare(store: MemoryStore): number {
  const plain = createBlora({ rank: 8, penaltyStrength: 1 });
  const adapters = store.sites.map((site) => {
    const { layout, parameters } = store.get(site.path);
    const { budget: _, ...others } = parameters;
    return tracedOf(site, { layout, parameters: others });
  });
  const macs = (withE: number) =>
    store.sites.reduce((sum, { inFeatures, outFeatures }) => sum + inFeatures + outFeatures + withE, 0);
  return (valuesOf(plain.penalty!(adapters, bitCost)!)[0]! * macs(1)) / macs(0);
}

test.each([0.1, 0.2, 0.4])(
  "a run whose task resists drives the expectation to %f, and ends there with hard gates",
  async (bopsTarget) => {
    const few = sites.slice(0, 3);
    const steps = 200;
    const method = createBlora({ bopsTarget, rank: 8, phases: { warmup: 0.1, gates: 0.8, settle: 0.1 } });
    const store = await storeAt(method, few, 0);
    const wanted = few.map(({ path, outFeatures }) =>
      ops.tensor(sample(`${path}/y`, 4 * outFeatures), [4, outFeatures]),
    );
    let expected = 0;
    await train(method, store, {
      steps,
      task: {
        inputs: few.map((site) => storeOptions.input(site)),
        loss: (outputs) => ops.addN(outputs.map((y, index) => ops.mean(ops.square(ops.sub(y, wanted[index]!))))),
      },
      rates: { weights: 1e-2, ranges: 1e-2, gates: (3 * method.gateTravel()) / (0.8 * steps) },
      afterStep: (step) => {
        method.afterStep!(store, { step, totalSteps: steps, seed: 0 }, new Map());
        if (step === 179) expected = expectedShare(store);
      },
    });
    expect(expected / bopsTarget).toBeGreaterThan(0.75);
    expect(expected / bopsTarget).toBeLessThan(1.25);
    const share = measuredShare(method, store);
    expect(share).toBeLessThanOrEqual(bopsTarget);
    expect(share).toBeGreaterThanOrEqual(0.98 * bopsTarget);
  },
);

test("all that a budget remembers is in the adapters: another instance goes on bitwise", async () => {
  const few = sites.slice(0, 2);
  const run = async (resumeAt: number | undefined): Promise<string> => {
    let method = createBlora({ bopsTarget: 0.1 });
    const store = await storeAt(method, few, 1);
    for (let step = 1; step < 6; step++) {
      if (step === resumeAt) method = createBlora({ bopsTarget: 0.1 });
      for (const { path } of few) {
        for (const { group, values } of Object.values(store.get(path).parameters)) {
          if (group === "gates") for (const [index, value] of values.entries()) values[index] = value - 0.3;
        }
      }
      method.afterStep!(store, at(step), new Map());
    }
    return JSON.stringify(store.get(few[0]!.path).parameters.budget);
  };
  expect(await run(3)).toBe(await run(undefined));
});

describe("warnings", () => {
  const warningsAt = async (bopsTarget: number, step: number, some = sites): Promise<readonly string[]> => {
    const method = createBlora({ bopsTarget });
    const store = await storeAt(method, some, step);
    return method.warnings!(some, store.adapters, bops());
  };

  test("say before the first step that a budget is below rank 1 at 2 bits, or above full rank at 16", async () => {
    expect(await warningsAt(0.01, 0)).toEqual([
      expect.stringMatching(/^bopsTarget: 0.01 is out of reach at scope adapter: the least it can cost is 0.015\d/),
    ]);
    expect(await warningsAt(0.6, 0)).toEqual([
      expect.stringMatching(/the most it can cost is 0.50\d\d of the baseline/),
    ]);
    expect(await warningsAt(0.25, 0)).toEqual([]);
  });

  test("say after the last step that a budget was missed", async () => {
    expect(await warningsAt(0.25, 6)).toEqual([]);
    const missed = await warningsAt(0.03, 6, [siteOf("one", 32, 24)]);
    expect(missed).toEqual([
      expect.stringMatching(/expected a share of 0.03 of the baseline's bit operations, found 0.0/),
    ]);
  });

  test("there are none without a budget", async () => {
    const method = createBlora();
    const store = await storeAt(method, sites, 6);
    expect(method.warnings!(sites, store.adapters, bops())).toEqual([]);
  });
});

test("a budget needs a settle phase", () => {
  const phases = { warmup: 0.2, gates: 0.8, settle: 0 };
  expect(() => createBlora({ bopsTarget: 0.2, phases })).toThrow(/phases.settle = 0: expected a settle phase/);
  expect(() => createBlora({ bopsTarget: 1.5 })).toThrow(/bopsTarget = 1.5/);
  const quantizer = bayesianBits({ gate: hardConcrete() });
  expect(createBlora({ bopsTarget: 0.2, quantizer })).toBeDefined();
});
