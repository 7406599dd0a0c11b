import type { AdapterStore, LinearSite, Progress } from "@blora/spec";
import { startBudget } from "./budget.ts";
import { layoutOf, type Phase } from "./layout.ts";
import { meetBudget } from "./meet-budget.ts";
import type { BloraSettings } from "./options.ts";
import { phaseAt } from "./phase-schedule.ts";
import { settle } from "./settle.ts";
import { startGates } from "./start-gates.ts";

/** Moves every site that lags behind. The layout remembers what is done, so a resumed run repeats nothing. */
export async function advance(settings: BloraSettings, store: AdapterStore, progress: Progress): Promise<void> {
  const phase = phaseAt(settings, progress);
  const waiting = sitesIn("warmup", store);
  if (phase !== "warmup" && waiting.length > 0) {
    await startGates(settings, store, waiting);
    startBudget(settings, store);
  }
  const learning = sitesIn("gates", store);
  if (phase !== "settle" || learning.length === 0) return;
  meetBudget(settings, store);
  for (const { path } of learning) settle(settings, store, path);
}

function sitesIn(phase: Phase, store: AdapterStore): LinearSite[] {
  return store.sites.filter(({ path }) => layoutOf(store.get(path)).phase === phase);
}
