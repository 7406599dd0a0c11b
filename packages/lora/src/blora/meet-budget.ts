import type { AdapterStore, LinearSite, Parameter } from "@blora/spec";
import { RANK_GATES } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { baselineCost, bloraUsage } from "./usage.ts";

/** Logits that are on, and off, for every gate. */
const DECIDED = 6;

interface Choice {
  readonly site: LinearSite;
  readonly logits: Parameter;
  readonly index: number;
  /** Logit; in a chain the lowest up to it, since a gate is worth nothing behind a closed one. */
  readonly priority: number;
}

/**
 * Makes every gate hard so that the measured cost meets the budget: all are
 * closed, then opened in the order of their logits, those that no longer fit
 * left out. Ends at or under the budget, by less than the cheapest gate that
 * is still closed.
 */
export function meetBudget(settings: BloraSettings, store: AdapterStore): void {
  const { bopsTarget } = settings;
  if (bopsTarget === undefined) return;
  const budget = bopsTarget * baselineCost(settings, store.sites, store.cost);
  const choices = store.sites.flatMap((site) => choicesOf(settings, store, site));
  choices.sort((a, b) => b.priority - a.priority || a.index - b.index);
  for (const { logits, index } of choices) logits.values[index] = -DECIDED;

  const costOf = (site: LinearSite): number =>
    Number(store.cost.measured([bloraUsage(settings, site, store.get(site.path))], 1).total);
  const costs = new Map(store.sites.map((site) => [site.path, costOf(site)]));
  let total = [...costs.values()].reduce((sum, cost) => sum + cost, 0);
  for (const { site, logits, index } of choices) {
    logits.values[index] = DECIDED;
    const cost = costOf(site);
    const changed = total - costs.get(site.path)! + cost;
    if (changed > budget) {
      logits.values[index] = -DECIDED;
      continue;
    }
    total = changed;
    costs.set(site.path, cost);
  }
}

function choicesOf({ rankPrior }: BloraSettings, store: AdapterStore, site: LinearSite): Choice[] {
  const { parameters } = store.get(site.path);
  return Object.entries(parameters).flatMap(([name, logits]) => {
    if (logits.group !== "gates") return [];
    const isChain = name !== RANK_GATES || rankPrior === "nested";
    let lowest = Infinity;
    return Array.from(logits.values, (logit, index): Choice => {
      lowest = Math.min(lowest, logit);
      return { site, logits, index, priority: isChain ? lowest : logit };
    });
  });
}
