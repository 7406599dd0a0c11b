import { bayesianBits, uniform } from "@blora/quantizers";
import type { LinearSite, Method } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";
import { type TestStore, useCpuBackend } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { costShare, createBlora, gate, inputOf } from "../support/blora.ts";
import { sample, siteOf } from "../support/reference.ts";
import { train } from "../support/train.ts";

useCpuBackend();

const sites = [siteOf("first", 16, 16), siteOf("second", 16, 16)];
const STEPS = 120;
const ROWS = 48;

/** Outputs that ask `needy` for a change of rank 4 whose components halve, and the other site for none. */
async function trainToNeeds(method: Method, needy: LinearSite): Promise<{ store: TestStore; loss: number }> {
  const change = ([0, 1, 2, 3] as const).map((component) => ({
    left: ops.tensor(sample(`left ${component}`, 16, 1 / 2 ** component), [1, 16]),
    right: ops.tensor(sample(`right ${component}`, 16), [16, 1]),
  }));
  const inputs = sites.map((site) => inputOf(site, ROWS));
  const wanted = (x: Tensor): Tensor =>
    ops.addN(change.map(({ left, right }) => ops.mul(ops.matMul(ops.matMul(x, right), left), 1 / 8)));
  return train(method, sites, {
    steps: STEPS,
    rate: 2e-2,
    inputs,
    loss: (changes) =>
      ops.addN(
        changes.map((y, index) =>
          ops.mean(ops.square(sites[index] === needy ? ops.sub(y, wanted(inputs[index]!)) : y)),
        ),
      ),
  });
}

function meanBits(method: Method, store: TestStore, site: LinearSite): number {
  const { A } = method.summary(site, store.get(site.path)).bits;
  const widths = typeof A === "number" ? [A] : A!;
  return widths.reduce((sum, bits) => sum + bits, 0) / 8;
}

const thirds = { warmup: 0.4, gates: 0.3, settle: 0.3 };
const learned = () => uniform({ bits: [0, 2, 4, 8], gate });
const methods: [string, () => Method][] = [
  [
    "knapsack",
    () =>
      createBlora({ rank: 8, allocation: "knapsack", bopsTarget: 0.06, quantizer: uniform({ bits: [0, 2, 4, 8] }) }),
  ],
  ["gates under a budget", () => createBlora({ rank: 8, bopsTarget: 0.06, quantizer: learned(), phases: thirds })],
  [
    "gates under a penalty",
    () => createBlora({ rank: 8, penaltyStrength: 0.3, quantizer: learned(), phases: thirds, gateLearningRate: 0.2 }),
  ],
];

describe.each(methods)("two sites of which one needs much and one nothing: %s", (_name, create) => {
  test.each(sites)("$path gets the ranks and the bits", async (needy) => {
    const method = create();
    const { store } = await trainToNeeds(method, needy);
    const other = sites.find((site) => site !== needy)!;
    const rankOf = (site: LinearSite) => method.summary(site, store.get(site.path)).rank;
    expect(rankOf(needy)).toBeGreaterThanOrEqual(3);
    expect(rankOf(other)).toBeLessThanOrEqual(rankOf(needy) - 2);
    expect(meanBits(method, store, needy)).toBeGreaterThan(2 * meanBits(method, store, other));
  });
});

test.each([
  [
    "knapsack",
    () =>
      createBlora({ rank: 8, allocation: "knapsack", bopsTarget: 0.06, quantizer: uniform({ bits: [0, 2, 4, 8] }) }),
  ],
  ["gates", () => createBlora({ rank: 8, bopsTarget: 0.06, quantizer: learned(), phases: thirds })],
])("strong components of one site get more bits than weak ones: %s", async (_name, create) => {
  const method = create();
  const { store } = await trainToNeeds(method, sites[0]!);
  const { A } = method.summary(sites[0]!, store.get("first")).bits;
  const widths = A as readonly number[];
  expect(widths[0]).toBeGreaterThan(widths.at(-1)!);
  for (const [index, bits] of widths.entries()) if (index > 0) expect(bits).toBeLessThanOrEqual(widths[index - 1]!);
});

test("per matrix, the needy site keeps its rank and widths, and swapping the needs swaps them", async () => {
  const quantizer = bayesianBits({ gate });
  const create = () =>
    createBlora({ rank: 8, granularity: "matrix", rankGate: gate, quantizer, bopsTarget: 0.1, phases: thirds });
  for (const needy of sites) {
    const method = create();
    const { store } = await trainToNeeds(method, needy);
    const other = sites.find((site) => site !== needy)!;
    const spent = (site: LinearSite) => {
      const { rank, bits } = method.summary(site, store.get(site.path));
      return rank * ((bits.A as number) + (bits.B as number));
    };
    expect(spent(needy)).toBeGreaterThan(2 * spent(other));
  }
});

test("at equal cost, fixed bits fit worse by a margin", async () => {
  const budget = 0.0625;
  const perComponent = createBlora({
    rank: 8,
    allocation: "knapsack",
    bopsTarget: budget,
    quantizer: uniform({ bits: [0, 2, 4, 8] }),
  });
  const fixed = createBlora({ rank: 8, allocation: "knapsack", quantizer: uniform({ bits: 2 }) });
  const [ours, theirs] = [await trainToNeeds(perComponent, sites[0]!), await trainToNeeds(fixed, sites[0]!)];
  expect(costShare(perComponent, ours.store)).toBeLessThanOrEqual(budget);
  expect(costShare(fixed, theirs.store)).toBe(budget);
  expect(ours.loss).toBeLessThan(theirs.loss / 2);
});
