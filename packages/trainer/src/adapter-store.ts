import type { AdapterStore } from "@blora/spec";
import { averageSquare } from "./optimizer/adamw.ts";
import type { TrainingState } from "./state/training-state.ts";

export interface AdapterStoreParts extends Pick<AdapterStore, "sites" | "cost" | "baseWeight" | "observe"> {
  readonly state: TrainingState;
  /** AdamW's, which `squaredGradients` is corrected by. */
  readonly beta2: number;
}

/** What a method may see and change between steps. `observe` runs one training batch. */
export function createAdapterStore({ state, beta2, ...parts }: AdapterStoreParts): AdapterStore {
  const { adapter, select, recombine, update } = state;
  return {
    ...parts,
    get: adapter,
    select,
    recombine,
    update,
    squaredGradients: (path, parameter) => averageSquare(state.moments(path, parameter), beta2),
  };
}
