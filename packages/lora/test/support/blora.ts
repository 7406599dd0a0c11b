import { hardConcrete } from "@blora/gates";
import { bayesianBits } from "@blora/quantizers";
import type { Adapter, LinearSite, TracedAdapter } from "@blora/spec";
import { toTensors } from "@blora/testing";
import type { BloraOptions } from "../../src/index.ts";
import { type BloraMethod, blora } from "../../src/index.ts";
import { createMemoryStore, type MemoryStore, type MemoryStoreOptions } from "./memory-store.ts";
import { sample } from "./reference.ts";

/** Shares of a run of 10 steps: 1 warms up, 5 learn, 4 settle. */
export const TEN_STEPS = { warmup: 0.1, gates: 0.5, settle: 0.4 };

export function createBlora(options: Partial<BloraOptions> = {}): BloraMethod {
  const gate = hardConcrete({ initialLogit: 2 });
  return blora({ rankGate: gate, quantizer: bayesianBits({ gate }), rank: 4, phases: TEN_STEPS, ...options });
}

/** A store whose matrices look trained, brought to the given step of ten. */
export async function storeAt(
  method: BloraMethod,
  sites: readonly LinearSite[],
  step: number,
  options: MemoryStoreOptions = {},
): Promise<MemoryStore> {
  const store = createMemoryStore(method, sites, options);
  for (const { path } of sites) {
    const { parameters } = store.get(path);
    parameters.A!.values.set(sample(`${path}/A`, parameters.A!.values.length));
    parameters.B!.values.set(sample(`${path}/B`, parameters.B!.values.length, 0.3));
    parameters.E!.values.set(Array.from(parameters.E!.values, (_, index) => 0.5 + 0.2 * index));
  }
  await method.beforeStep!(store, { step, totalSteps: 10, seed: 0 });
  return store;
}

export function tracedOf(site: LinearSite, { layout, parameters }: Adapter): TracedAdapter {
  return { site, layout, parameters: toTensors(parameters) };
}
