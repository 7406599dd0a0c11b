import type { Progress } from "@blora/spec";
import type { Phase } from "./layout.ts";
import type { BloraSettings } from "./options.ts";

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
