import { loadAdapterWeights } from "@blora/network";
import { machine } from "@blora/runs";
import { type PreparedRun, prepareTraining } from "./prepare-training.ts";
import type { TrainRun } from "./run.ts";

export type { PreparedRun } from "./prepare-training.ts";

/** `prepareTraining` on this machine, from the adapter folder where there is one. */
export function prepareRun(run: TrainRun): Promise<PreparedRun> {
  const { adapterDirectory: origin, versions } = run;
  return prepareTraining(run, {
    machine: { ...machine() },
    versions,
    start: async (bound) =>
      origin === undefined ? undefined : { ...(await loadAdapterWeights(origin, bound)), origin },
  });
}
