import type { AdapterStore, CostModel, LinearSite } from "@blora/spec";
import type { TrainingState } from "./state/training-state.ts";

/** What a method may see and change between steps. `observe` runs one training batch. */
export function createAdapterStore(
  state: TrainingState,
  sites: readonly LinearSite[],
  cost: CostModel,
  baseWeight: (path: string) => Float32Array,
  observe: AdapterStore["observe"],
): AdapterStore {
  return { sites, cost, get: state.adapter, baseWeight, select: state.select, update: state.update, observe };
}
