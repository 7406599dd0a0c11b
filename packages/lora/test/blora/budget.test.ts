import { hardConcrete } from "@blora/gates";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { LinearSite } from "@blora/spec";
import { createTestStore, expectAllClose, type TestStore, useCpuBackend } from "@blora/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { levelsWithin } from "../../src/blora/harden.ts";
import { chainsOf } from "../../src/blora/layout.ts";
import { type BloraSettings, bloraOptionsSchema } from "../../src/blora/options.ts";
import { baselineCost, type SiteLevels, siteCost, widthsAt } from "../../src/blora/usage.ts";
import { type BloraOptions, blora } from "../../src/index.ts";
import { costShare, createBlora, inputOf, storeAt, tracedOf } from "../support/blora.ts";
import { siteOf } from "../support/reference.ts";

useCpuBackend();
const gate = hardConcrete();

const options = {
  component: { quantizer: uniform({ bits: [0, 2, 4, 8] }), rank: 8 },
  matrix: { quantizer: bayesianBits({ gate }), rank: 8, granularity: "matrix", rankGate: gate },
  site: { quantizer: uniform({ bits: [0, 2, 4, 8] }), siteQuantizer: bayesianBits({ gate }), rank: 8, scope: "site" },
} as const;

/** As many sites as a small encoder has, of two shapes. */
const sites: readonly LinearSite[] = Array.from({ length: 12 }, (_, index) =>
  index % 3 === 2 ? siteOf(`wide ${index}`, 32, 128) : siteOf(`square ${index}`, 32, 32),
);

test.each([
  ["component", 1000],
  ["matrix", 100],
  ["site", 100],
] as const)("a budget is met from below, and what is left pays for no step: %s, %i layouts", (form, runs) => {
  const settings = bloraOptionsSchema.parse(options[form]);
  const store = createTestStore(blora(options[form]), sites, 0, inputOf);
  const cheapest = 2 * 64 * 32; // two more bits for one component of a square site
  fc.assert(
    fc.property(
      fc.integer(),
      fc.double({ min: form === "site" ? 0.06 : 0.02, max: 0.24, noNaN: true }),
      (seed, share) => {
        const random = fc.sample(fc.double({ min: -20, max: 0, noNaN: true }), { numRuns: 997, seed });
        let drawn = 0;
        const next = () => random[drawn++ % random.length]!;
        const worthOf = (): Record<string, number[][]> =>
          Object.fromEntries(
            chainsIn(form).map(([name, units, steps]) => [
              name,
              Array.from({ length: units }, () => Array.from({ length: steps }, next).sort((a, b) => b - a)),
            ]),
          );
        const levels = levelsWithin(settings, store, worthOf, share);
        const total = sites.reduce(
          (sum, site) => sum + siteCost(settings, site, widthsAt(settings, levels.get(site.path)!), store.cost),
          0,
        );
        const budget = share * baselineCost(settings, sites, store.cost);
        expect(total).toBeLessThanOrEqual(budget);
        for (const step of costsOfSteps(settings, store, levels)) expect(total + step).toBeGreaterThan(budget);
        if (form === "component") expect(total).toBeGreaterThan(budget - Math.max(cheapest, 0.02 * budget));
      },
    ),
    { seed: 1, numRuns: runs },
  );
});

/** What each step that is left would cost. */
function costsOfSteps(settings: BloraSettings, { cost }: TestStore, all: ReadonlyMap<string, SiteLevels>): number[] {
  return sites.flatMap((site) => {
    const own = all.get(site.path)!;
    const costAt = (levels: SiteLevels) => siteCost(settings, site, widthsAt(settings, levels), cost);
    return chainsOf(settings).flatMap(({ name, levels }) =>
      own[name]!.flatMap((level, unit) =>
        level === levels.length - 1 ? [] : [costAt({ ...own, [name]: own[name]!.with(unit, level + 1) }) - costAt(own)],
      ),
    );
  });
}

function chainsIn(form: keyof typeof options): [string, number, number][] {
  if (form === "matrix")
    return [
      ["A", 1, 3],
      ["B", 1, 3],
      ["rank", 1, 7],
    ]; // prettier-ignore
  const components: [string, number, number][] = [["components", 8, 3]];
  return form === "component" ? components : [...components, ["W0", 1, 3], ["input", 1, 3], ["afterA", 1, 3]];
}

test.each([0.05, 0.1, 0.2])(
  "a run with a budget of %d ends at it, by gates and by the knapsack",
  async (bopsTarget) => {
    for (const allocation of ["gates", "knapsack"] as const) {
      const method = createBlora({ rank: 8, bopsTarget, allocation });
      const store = await storeAt(method, sites, 1);
      await method.training!.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
      expect(costShare(method, store)).toBeLessThanOrEqual(bopsTarget);
      expect(costShare(method, store)).toBeGreaterThan(0.98 * bopsTarget);
    }
  },
);

test("gates that learned nothing end where the knapsack does", async () => {
  const layouts = await Promise.all(
    (["gates", "knapsack"] as const).map(async (allocation) => {
      const method = createBlora({ rank: 8, bopsTarget: 0.06, allocation });
      const store = await storeAt(method, sites, 1);
      await method.training!.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
      return sites.map(({ path }) => store.get(path).layout);
    }),
  );
  expect(layouts[0]).toEqual(layouts[1]);
});

test("after every update the expected cost is the budget", async () => {
  const method = createBlora({ rank: 8, bopsTarget: 0.08 });
  const store = await storeAt(method, sites, 1);
  const expected = () => {
    // (I + O)·E[bits] of each component, from P(width reached).
    const costs = sites.map(({ path, inFeatures, outFeatures }) => {
      const probabilities = Object.values(method.training!.gateProbabilities!(store.get(path)));
      const bits = probabilities.map((reached) => 2 * reached["2"]! + 2 * reached["4"]! + 4 * reached["8"]!);
      return (inFeatures + outFeatures) * bits.reduce((sum, own) => sum + own, 0);
    });
    const full = sites.reduce((sum, { inFeatures, outFeatures }) => sum + 8 * 32 * (inFeatures + outFeatures), 0);
    return costs.reduce((sum, own) => sum + own, 0) / full;
  };
  expect(expected()).toBeCloseTo(0.08, 4);
  for (const { path } of sites) store.train(path, "components.gates", (value, index) => value + (index % 5) - 1);
  expect(Math.abs(expected() - 0.08)).toBeGreaterThan(1e-3);
  method.training!.afterStep!(store, { step: 2, totalSteps: 10, seed: 0 }, new Map());
  expect(expected()).toBeCloseTo(0.08, 4);
});

test.each<[string, Partial<BloraOptions>]>([
  ["components", {}],
  ["matrices", { granularity: "matrix", rankGate: gate, quantizer: bayesianBits({ gate }) }],
  ["activations", { scope: "adapter+activations", siteQuantizer: bayesianBits({ gate }) }],
  ["site", { scope: "site", siteQuantizer: uniform({ bits: [2, 4, 8], gate }) }],
])("gates that are certain are expected to cost what their widths cost: %s", async (_name, form) => {
  const method = createBlora({ rank: 8, penaltyStrength: 1, ...form });
  const store = await storeAt(method, sites, 1);
  for (const { path } of sites)
    for (const { group, values } of Object.values(store.get(path).parameters))
      if (group === "gates") values.set(Array.from(values, (_, index) => (index % 5 < 3 ? 50 : -50)));
  const expected = method.training!.penalty!(
    sites.map((site) => tracedOf(store, site)),
    store.cost,
  )!;
  const share = costShare(method, store);
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan(1);
  expectAllClose(expected, share);
});

test("a budget out of reach is said before the first step", () => {
  const method = createBlora({ rank: 8, bopsTarget: 0.5, quantizer: uniform({ bits: [2, 4], gate }) });
  const adapters = new Map(sites.map((site) => [site.path, method.init(site, 0)]));
  const { cost } = createTestStore(method, sites, 0, inputOf);
  const start = { step: 0, totalSteps: 8, seed: 0 };
  expect(method.training!.warnings!(sites, adapters, cost, start)).toEqual([
    "bopsTarget: 0.5 is out of reach at scope adapter: the most it can cost is 0.1250 of the baseline, and the run ends there.",
  ]);
  const low = createBlora({ rank: 8, bopsTarget: 0.05, quantizer: uniform({ bits: [2, 4], gate }) });
  expect(low.training!.warnings!(sites, adapters, cost, start)).toEqual([
    "bopsTarget: 0.05 is out of reach at scope adapter: the least it can cost is 0.0625 of the baseline, and the run ends there.",
  ]);
});
