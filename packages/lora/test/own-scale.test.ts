import { uniform } from "@blora/quantizers";
import type { Adapter, Method } from "@blora/spec";
import { createTestContext, toTensors, useCpuBackend, valuesOf } from "@blora/testing";
import { expect, test } from "vitest";
import { adalora, lora } from "../src/index.ts";
import { createBlora, inputOf, storeAt } from "./support/blora.ts";
import { siteOf } from "./support/reference.ts";

useCpuBackend();
const site = siteOf("layer.0.query", 6, 5);
const settledBlora = (alpha: number) =>
  createBlora({ alpha, allocation: "knapsack", quantizer: uniform({ bits: [0, 2, 4] }), bopsTarget: 0.06 });

test.each([
  ["lora", (alpha: number) => lora({ rank: 4, alpha }), 0, 6 / 4],
  ["adalora", (alpha: number) => adalora({ initialRank: 4, targetRank: 2, alpha }), 0, 6 / (4 + 1e-5)],
  ["blora in its warm-up", settledBlora, 0, 6 / 4],
  ["settled blora", settledBlora, 6, 6 / 4],
] as const)(
  "an adapter of %s keeps its scale whatever the options of who loads it",
  async (_name, create, step, scale) => {
    const [own, other] = [create(6), create(60)];
    const store = await storeAt(own, [site], step);
    store.get(site.path).parameters.E?.values.fill(1);
    const adapter = store.get(site.path);
    expect(adapter.layout.scale).toBe(scale);
    const computed = (method: Method, { layout, parameters }: Adapter) => {
      const context = createTestContext("eval");
      const traced = { site, layout, parameters: toTensors(parameters) };
      const [prepared = traced] = method.prepare?.([traced], context) ?? [];
      return Array.from(valuesOf(method.apply(prepared, inputOf(site), store.base(site.path), context)));
    };
    const all = (method: Method, adapter: Adapter) => [
      computed(method, adapter),
      method.export(site, adapter),
      method.artifacts?.exportCodes?.(site, adapter),
    ];
    expect(all(other, adapter)).toEqual(all(own, adapter));

    const { scale: _, ...earlier } = adapter.layout;
    const old = { ...adapter, layout: earlier };
    expect(all(own, old)).toEqual(all(own, adapter));
    expect(computed(other, old)).not.toEqual(computed(own, old));
  },
);
