import type { Adapter, AdapterStore, LinearSite, Progress, TracedAdapter } from "@blora/spec";
import { evaluateOnHost, ops } from "@blora/tensor";
import { BUDGET, budgetParameter, readBudget, writeBudget } from "./budget-state.ts";
import type { BloraSettings } from "./options.ts";
import { expectedCost } from "./penalty.ts";
import { phaseStarts } from "./phase-schedule.ts";
import { baselineCost } from "./usage.ts";

/** Share by which λ is raised per unit of error at once; gates that answer late would swing under the integral alone. */
const PROPORTIONAL = 10;
/** λ grows by e to this power in a whole gates phase per unit of error. */
const INTEGRAL = 20;
/** Share of the gates phase after which the target itself is aimed at. */
const DESCENT = 0.7;
/** λ when gates start, in units of the task loss: too weak is soon raised, too strong closes gates that the task wanted. */
const FIRST_STRENGTH = 0.05;
/** λ stays within this factor of where it started, so that a target out of reach does not run away with it. */
const STRENGTH_SPAN = 1e4;

/** Share of the baseline's cost that the gates are expected to leave. */
function expectedShare(settings: BloraSettings, store: AdapterStore): number {
  const { sites, cost } = store;
  const [expected] = evaluateOnHost(() =>
    expectedCost(
      settings,
      sites.map((site) => onHost(site, store.get(site.path))),
      cost,
    ),
  );
  return expected! / baselineCost(settings, sites, cost);
}

/** Gates alone: matrices have no part in what is expected of them. */
function onHost(site: LinearSite, { layout, parameters }: Adapter): TracedAdapter {
  const gates = Object.entries(parameters).filter(([, { group }]) => group === "gates" || group === "ranges");
  const tensors = gates.map(([name, { values, shape }]) => [name, ops.tensor(values, [...shape])] as const);
  return { site, layout, parameters: Object.fromEntries(tensors) };
}

/** Gives the first site what a budget remembers. */
export function startBudget(settings: BloraSettings, store: AdapterStore): void {
  const [first] = store.sites;
  if (settings.bopsTarget === undefined || first === undefined) return;
  const start = expectedShare(settings, store);
  const state = budgetParameter({ strength: FIRST_STRENGTH, multiplier: FIRST_STRENGTH, start });
  store.update(first.path, { parameters: { [BUDGET]: state } });
}

/**
 * One dual update of λ, which rises while the expected cost is above the share
 * wanted at this step and falls while it is below. Far below, the price turns
 * into a reward: closed gates hardly hear the task and would stay closed. The
 * wanted share descends from where gates started to the target, quickly at first.
 */
export function adaptStrength(settings: BloraSettings, store: AdapterStore, progress: Progress): void {
  const [first] = store.sites;
  const parameter = first && store.get(first.path).parameters[BUDGET];
  if (settings.bopsTarget === undefined || parameter === undefined) return;
  const starts = phaseStarts(settings, progress.totalSteps);
  const steps = starts.settle - starts.gates;
  const { multiplier, start } = readBudget(parameter);
  const wanted = wantedShare(settings.bopsTarget, start, (progress.step + 1 - starts.gates) / steps);
  const error = Math.log(expectedShare(settings, store) / wanted);
  const moved = Math.min(
    FIRST_STRENGTH * STRENGTH_SPAN,
    Math.max(FIRST_STRENGTH / STRENGTH_SPAN, multiplier * Math.exp((INTEGRAL * error) / steps)),
  );
  writeBudget(parameter, { strength: moved * (1 + PROPORTIONAL * error), multiplier: moved, start });
}

/** @param progress share of the gates phase that is over, 0 to 1 */
function wantedShare(target: number, start: number, progress: number): number {
  const remaining = Math.max(0, 1 - progress / DESCENT);
  return target + Math.max(0, start - target) * remaining ** 3;
}
