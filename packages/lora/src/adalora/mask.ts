import type { Adapter } from "@blora/spec";
import { componentScores } from "./importance.ts";

/**
 * Sets E_i := 0, in place, for the components that score lowest over all
 * sites, so that about `components` remain: those at or under the threshold,
 * so ties go together. A, B and optimizer moments stay, so a component can
 * grow back before the next masking.
 */
export function maskToBudget(adapters: readonly Adapter[], components: number): void {
  const scores = adapters.map(componentScores);
  const sorted = Float64Array.from(scores.flatMap((siteScores) => [...siteScores])).sort();
  const masked = sorted.length - components;
  if (masked <= 0) return;
  const threshold = sorted[masked - 1]!;
  for (const [index, { parameters }] of adapters.entries()) {
    const { values } = parameters.E!;
    for (const [component, score] of scores[index]!.entries()) {
      if (score <= threshold) values[component] = 0;
    }
  }
}
