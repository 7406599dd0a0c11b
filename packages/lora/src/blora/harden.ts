import type { AdapterStore, LinearSite } from "@blora/spec";
import { lastTrue } from "../allocation/last-true.ts";
import { type Step, spendBudget } from "../allocation/spend-budget.ts";
import { gatesOf, hostShares } from "./gates.ts";
import { type Chain, chainsOf, gatesName } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import type { Worth } from "./sensitivity.ts";
import { baselineCost, type SiteLevels, siteCost, widthsAt } from "./usage.ts";

/** The levels of every site that a share of the baseline's cost pays for, by path: the steps worth the most first. */
export function levelsWithin(
  settings: BloraSettings,
  { sites, cost }: AdapterStore,
  worthOf: (site: LinearSite) => Worth,
  bopsTarget: number,
): Map<string, SiteLevels> {
  const chains = chainsOf(settings);
  const siteAt = new Map(sites.map((site) => [site.path, site]));
  const count = chains.reduce((sum, { units }) => sum + units, 0);
  const steps = sites.flatMap((site) => stepsOf(site, chains, worthOf(site)));
  const costOf = (path: string, levels: readonly number[]) =>
    siteCost(settings, siteAt.get(path)!, widthsAt(settings, byChain(chains, levels)), cost);
  const units = new Map(sites.map(({ path }) => [path, count]));
  const levels = spendBudget(steps, units, costOf, largestWithin(bopsTarget, baselineCost(settings, sites, cost)));
  return new Map([...levels].map(([path, own]) => [path, byChain(chains, own)]));
}

/** Units of a site are numbered through its chains. */
function stepsOf({ path }: LinearSite, chains: readonly Chain[], worth: Worth): Step[] {
  const ofUnits = chains.flatMap(({ name }) => worth[name]!);
  return ofUnits.flatMap((own, unit) =>
    own.map((value, step) => ({ group: path, unit, level: step + 1, worth: value })),
  );
}

function byChain(chains: readonly Chain[], levels: readonly number[]): SiteLevels {
  let next = 0;
  return Object.fromEntries(
    chains.map(({ name, units }) => {
      next += units;
      return [name, levels.slice(next - units, next)];
    }),
  );
}

/** The largest whole cost whose share of the baseline is at most the target: their product can round up past it. */
function largestWithin(target: number, baseline: number): number {
  const cost = Math.floor(target * baseline);
  return cost / baseline <= target ? cost : cost - 1;
}

/**
 * What gates have learned, as worth: how far all gates of a unit may fall
 * before it loses a step. Asks the gates' own decision alone, so it holds for
 * any way to learn a width. A chain without gates stays at its highest level, if the budget allows.
 */
export function learnedWorth(settings: BloraSettings, store: AdapterStore, { path }: LinearSite): Worth {
  const { parameters } = store.get(path);
  return Object.fromEntries(
    chainsOf(settings).map((chain) => {
      const gates = parameters[gatesName(chain)]?.values;
      const steps = chain.levels.slice(1).map((_, step) => step);
      const bySteps = steps.map((step) =>
        gates === undefined
          ? Array<number>(chain.units).fill(Number.POSITIVE_INFINITY)
          : lastTrue(chain.units, (falls) => isAbove(settings, chain, gates, step, falls)),
      );
      return [chain.name, Array.from({ length: chain.units }, (_, unit) => bySteps.map((ofAll) => ofAll[unit]!))];
    }),
  );
}

/** Whether each unit has a level above `step` once its gates have fallen. */
function isAbove(
  settings: BloraSettings,
  chain: Chain,
  gates: Float32Array,
  step: number,
  falls: readonly number[],
): boolean[] {
  const { count } = gatesOf(settings, chain)!;
  const fallen = gates.map((gate, index) => gate - falls[Math.floor(index / count)]!);
  return hostShares(settings, chain, fallen, "decided").map((shares) => shares.indexOf(1) > step);
}
