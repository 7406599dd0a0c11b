import type { AdapterStore, LinearSite, Progress } from "@blora/spec";
import { layoutOf, type Phase } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { settle } from "./settle.ts";
import { startGates } from "./start-gates.ts";

/** First step of the gates and of the settle phase. At least one step warms up. */
export function phaseStarts({ phases }: BloraSettings, totalSteps: number): { gates: number; settle: number } {
  const gates = Math.max(1, Math.round(phases.warmup * totalSteps));
  return { gates, settle: Math.max(gates, Math.round((phases.warmup + phases.gates) * totalSteps)) };
}

export function phaseAt(settings: BloraSettings, { step, totalSteps }: Progress): Phase {
  const starts = phaseStarts(settings, totalSteps);
  if (step < starts.gates) return "warmup";
  return step < starts.settle ? "gates" : "settle";
}

/** Moves every site that lags behind. The layout remembers what is done, so a resumed run repeats nothing. */
export async function advance(settings: BloraSettings, store: AdapterStore, progress: Progress): Promise<void> {
  const phase = phaseAt(settings, progress);
  if (phase !== "warmup") await startGates(settings, store, sitesIn("warmup", store));
  if (phase !== "settle") return;
  for (const { path } of sitesIn("gates", store)) settle(settings, store, path);
}

function sitesIn(phase: Phase, store: AdapterStore): LinearSite[] {
  return store.sites.filter(({ path }) => layoutOf(store.get(path)).phase === phase);
}
