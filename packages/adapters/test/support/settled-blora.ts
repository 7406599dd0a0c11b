import { type BloraOptions, blora } from "@blora/lora";
import type { LinearSite, Method } from "@blora/spec";
import { normalValues, ops } from "@blora/tensor";
import { createTestStore } from "@blora/testing";
import type { AdapterWeights } from "../../src/index.ts";

const TOTAL_STEPS = 10;
const PHASES = { warmup: 0.6, gates: 0, settle: 0.4 };

/** B-LoRA that settles its widths at step 6 of 10. */
export function settlingBlora(options: Pick<BloraOptions, "quantizer"> & Partial<BloraOptions>): Method {
  return blora({ rank: 4, phases: PHASES, ...options });
}

/** Adapters of a run brought to its settle phase from drawn matrices, later components and sites weaker. Needs a CPU backend. */
export async function settledWeights(
  method: Method,
  sites: readonly LinearSite[],
  seed: number,
): Promise<AdapterWeights> {
  const drawn = (path: string, size: number, deviation: number) =>
    normalValues({ seed, step: 0, path }, size, deviation);
  const store = createTestStore(method, sites, seed, ({ path, inFeatures }) =>
    ops.tensor(drawn(`${path}/x`, 8 * inFeatures, 1), [8, inFeatures]),
  );
  for (const [index, { path }] of sites.entries()) {
    const { A, B } = store.get(path).parameters;
    A!.values.set(drawn(`${path}/A`, A!.values.length, 1));
    const rank = B!.shape[1]!;
    const ofB = drawn(`${path}/B`, B!.values.length, 0.3 / 8 ** index);
    B!.values.set(ofB.map((value, entry) => value / 3 ** (entry % rank)));
  }
  await method.training!.beforeStep!(store, { step: 6, totalSteps: TOTAL_STEPS, seed });
  return { adapters: new Map(sites.map(({ path }) => [path, store.get(path)])), head: {} };
}
