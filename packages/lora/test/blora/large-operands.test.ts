import { hardConcrete } from "@blora/gates";
import { bayesianBits, uniform } from "@blora/quantizers";
import { ops, type Tensor } from "@blora/tensor";
import { createTestContext, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { createBlora, gate, inputOf, outputs, storeAt, tracedOf } from "../support/blora.ts";
import { product, sample, siteOf } from "../support/reference.ts";

useCpuBackend();

const site = siteOf("layer.0.query", 6, 5);
const sites = [site, siteOf("layer.0.key", 6, 7)];

test("scope site rounds the frozen weight and its input, and leaves them alone in the warm-up", async () => {
  const method = createBlora({
    allocation: "knapsack",
    scope: "site",
    quantizer: uniform({ bits: [0, 2] }),
    siteQuantizer: uniform({ bits: 4, grid: "absmax" }),
  });
  const store = await storeAt(method, [site], 6);
  store.get(site.path).parameters.B!.values.fill(0);
  const round = (values: ArrayLike<number>): number[] => {
    const step = Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 7.5;
    return Array.from(values, (value) => step * Math.max(-7, Math.min(7, Math.round(value / step))));
  };
  const x = Array.from(valuesOf(inputOf(site)));
  const rounded = Array.from({ length: 8 }, (_, row) => round(x.slice(6 * row, 6 * row + 6))).flat();
  const bias = valuesOf(store.base(site.path).apply(ops.zeros([1, 6])));
  const expected = product(rounded, round(store.baseWeight(site.path)), 6).map(
    (value, index) => value + bias[index % 5]!,
  );
  expectAllClose(outputs(method, store, "eval", [site])[0]!, expected, { absolute: 1e-5 });
});

describe.each([
  ["scales of rows, mid-rise", uniform({ bits: [2, 4, 8], gate })],
  ["scales of rows, absmax", uniform({ bits: [2, 4, 8], gate, grid: "absmax" })],
  ["a learned range", bayesianBits({ gate })],
])("rounded activations, %s", (_name, siteQuantizer) => {
  test.each([
    ["gates", "site", 1],
    ["settle", "site", 6],
    ["gates", "adapter+activations", 1],
    ["settle", "adapter+activations", 6],
  ] as const)(
    "a row is computed the same alone and in a batch, in the phase %s of scope %s",
    async (_, scope, step) => {
      const method = createBlora({ scope, siteQuantizer });
      const store = await storeAt(method, [site], step);
      const context = createTestContext("eval");
      const [adapter] = method.prepare!([tracedOf(store, site)], context);
      const apply = (x: Tensor) => valuesOf(method.apply(adapter!, x, store.base(site.path), context));
      const x = inputOf(site);
      // One row far larger than the others would set a scale they share.
      const sizes = ops.tensor([1, 100, 1, 1e-3, 1, 1, 1, 1], [8, 1]);
      const batch = ops.mul(x, sizes);
      const alone = Array.from({ length: 8 }, (_, row) => Array.from(apply(ops.slice(batch, [row, 0], [1, 6])))).flat();
      expectAllClose(apply(batch), alone, { relative: 1e-6, absolute: 1e-6 });
    },
  );
});

describe("large operands in the gates phase", () => {
  const options = (gradientShare: number, drawShare: number) => ({
    scope: "site" as const,
    siteQuantizer: bayesianBits({ gate: hardConcrete({ initialLogit: 0.5 }) }),
    quantizer: uniform({ bits: [0, 2, 4, 8], gate }),
    gradientShare,
    drawShare,
  });

  test("the share of rows that train gates changes no value", async () => {
    const [some, all] = await Promise.all(
      [0.25, 1].map(async (share) => {
        const method = createBlora(options(share, 0.5));
        const store = await storeAt(method, sites, 1);
        return outputs(method, store, "train").map((y) => Array.from(valuesOf(y)));
      }),
    );
    expect(some).toEqual(all);
  });

  test("none drawn computes at the decided widths; all drawn computes at others", async () => {
    const values = async (drawShare: number, mode: "train" | "eval") => {
      const method = createBlora({ ...options(1, drawShare), quantizer: uniform({ bits: 16 }) });
      const store = await storeAt(method, sites, 1);
      return outputs(method, store, mode).map((y) => Array.from(valuesOf(y)));
    };
    expect(await values(1e-9, "train")).toEqual(await values(1e-9, "eval"));
    expect(await values(1, "train")).not.toEqual(await values(1, "eval"));
  });
});

test("observed statistics are those of the float activations", () => {
  const method = createBlora({ scope: "site", rank: 2, siteQuantizer: bayesianBits({ gate }) });
  const { layout, parameters } = method.init(site, 1);
  const rows = sample("rows", 12);
  const A = ops.tensor(parameters.A!.values, [2, 6]);
  const seen = method.training!.observe!({ site, layout, parameters: { A } }, ops.tensor(rows, [2, 6]));
  const expected = { input: [...rows], afterA: product(rows, parameters.A!.values, 6) };
  for (const [name, values] of Object.entries(expected)) {
    expectAllClose(seen[name]!.min, [Math.min(...values)]);
    expectAllClose(seen[name]!.max, [Math.max(...values)]);
    expectAllClose(seen[name]!.meanSquare, [values.reduce((sum, value) => sum + value ** 2, 0) / values.length]);
  }
  expect(createBlora().training!.observe).toBeUndefined();
});
