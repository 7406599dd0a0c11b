import { hardConcrete } from "@blora/gates";
import { uniform } from "@blora/quantizers";
import type { Component, LinearSite, Method, TracedAdapter } from "@blora/spec";
import { normalValues, ops, type Tensor } from "@blora/tensor";
import { createTestContext, createTestStore, type TestStore, toTensors } from "@blora/testing";
import { expect } from "vitest";
import { type BloraOptions, blora } from "../../src/index.ts";
import { sample } from "./reference.ts";

export const gate: Component<"gate"> = hardConcrete({ initialLogit: 2 });

/** Shares of a run of 10 steps: 1 warms up, 5 learn, 4 settle. */
export const TEN_STEPS = { warmup: 0.1, gates: 0.5, settle: 0.4 };

/** Widths per component learned by gates, unless options say otherwise. */
export function createBlora(options: Partial<BloraOptions> = {}): Method {
  const allocation = options.allocation ?? "gates";
  return blora({
    quantizer: uniform({ bits: [0, 2, 4, 8], gate }),
    rank: 4,
    allocation,
    phases: allocation === "gates" ? TEN_STEPS : { warmup: 0.6, gates: 0, settle: 0.4 },
    ...options,
  });
}

/** x [M, I] of a site. */
export function inputOf({ path, inFeatures }: LinearSite, M = 8): Tensor {
  return ops.tensor(normalValues({ seed: 5, step: 0, path: `${path}/x` }, M * inFeatures), [M, inFeatures]);
}

/** Brings a store to a step of ten, its matrices of the given size, later components weaker. */
export async function storeAt(
  method: Method,
  sites: readonly LinearSite[],
  step: number,
  magnitude: (site: LinearSite) => number = () => 0.3,
): Promise<TestStore> {
  const store = createTestStore(method, sites, 0, (site) => inputOf(site));
  for (const site of sites) {
    const { A, B } = store.get(site.path).parameters;
    const rank = A!.shape[0]!;
    A!.values.set(sample(`${site.path}/A`, A!.values.length));
    B!.values.set(
      sample(`${site.path}/B`, B!.values.length, magnitude(site)).map((value, index) => value / 2 ** (index % rank)),
    );
  }
  await method.training?.beforeStep?.(store, { step, totalSteps: 10, seed: 0 });
  return store;
}

export function tracedOf(store: TestStore, site: LinearSite): TracedAdapter {
  const { layout, parameters } = store.get(site.path);
  return { site, layout, parameters: toTensors(parameters) };
}

/** Measured share of the baseline. */
export function costShare(method: Method, store: TestStore): number {
  const total = (usages: readonly ReturnType<Method["usage"]>[]) => Number(store.cost.measured(usages, 1).total);
  return (
    total(store.sites.map((site) => method.usage(site, store.get(site.path)))) /
    total(store.sites.map((site) => method.baselineUsage(site)))
  );
}

/** What adapted sites compute of their inputs, alone of the sites given. */
export function outputs(
  method: Method,
  store: TestStore,
  mode: "train" | "eval",
  of: readonly LinearSite[] = store.sites,
): Tensor[] {
  const context = createTestContext(
    mode,
    mode === "eval" ? { uniform: (path) => expect.fail(`${path} drew noise`) } : {},
  );
  const adapters = of.map((site) => tracedOf(store, site));
  return method.prepare!(adapters, context).map((adapter) =>
    method.apply(adapter, inputOf(adapter.site), store.base(adapter.site.path), context),
  );
}
