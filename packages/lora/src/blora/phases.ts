import { type AdapterStore, FLOAT_BITS, type LinearSite, type Parameter, type Progress } from "@blora/spec";
import { transposed } from "@blora/tensor";
import { rowEnergies } from "../allocation/component-errors.ts";
import { singularComponents } from "../allocation/singular-components.ts";
import { gatesOf } from "./gates.ts";
import { learnedWorth, levelsWithin } from "./harden.ts";
import {
  activationsOf,
  chainsOf,
  gatesName,
  largeOperandsOf,
  layoutOf,
  type Operand,
  type Phase,
  quantizerParameter,
  quantizerParameters,
  storedLayout,
} from "./layout.ts";
import { shiftToBudget } from "./objective.ts";
import type { BloraSettings } from "./options.ts";
import { type Worth, worthOf } from "./sensitivity.ts";
import { decidedLevels, type SiteLevels, widthsAt } from "./usage.ts";
import { type Observed, quantizerStarts } from "./vectors.ts";

/** At least one step warms up. */
export function phaseAt({ phases }: BloraSettings, { step, totalSteps }: Progress): Phase {
  const gates = Math.max(1, Math.round(phases.warmup * totalSteps));
  const settle = Math.max(gates, Math.round((phases.warmup + phases.gates) * totalSteps));
  if (step < gates) return "warmup";
  return step < settle ? "gates" : "settle";
}

/** Moves the run to the phase of a step. The layout remembers what is done, so a resumed run repeats nothing. */
export async function advance(settings: BloraSettings, store: AdapterStore, progress: Progress): Promise<void> {
  const phase = phaseAt(settings, progress);
  const isIn = (phase: Phase) => store.sites.some(({ path }) => layoutOf(store.get(path)).phase === phase);
  if (phase !== "warmup" && isIn("warmup")) {
    const worth = await chooseUnits(settings, store);
    if (phase === "gates") startGates(settings, store, worth);
    else settle(settings, store, worth);
  }
  if (phase === "settle" && isIn("gates")) settle(settings, store, (site) => learnedWorth(settings, store, site));
}

/**
 * Orders or rotates components, sets ranges, and says what every step of every
 * unit is worth, by path. Components of one width alone are left as they are:
 * singular components differ in size, and rounded alike they lose more.
 */
async function chooseUnits(settings: BloraSettings, store: AdapterStore): Promise<(site: LinearSite) => Worth> {
  for (const { path } of store.sites) {
    if (settings.granularity === "matrix") orderComponents(store, path, settings.rank);
    else if (settings.quantizer.bitWidths.length > 1) rotate(store, path, settings.rank);
  }
  const observed = largeOperandsOf(settings).length === 0 ? undefined : await store.observe();
  const observedAt = ({ path }: LinearSite): Observed => observed?.get(path) ?? {};
  for (const site of store.sites) {
    const own = observedAt(site);
    store.update(site.path, {
      layout: storedLayout({
        ...layoutOf(store.get(site.path)),
        phase: "gates",
        unsigned: activationsOf(settings).filter((operand) => own[operand]!.min >= 0),
      }),
      parameters: quantizerStarts(settings, store, site, own),
    });
  }
  return (site) => worthOf(settings, store, site, observedAt(site));
}

/** A and B of a site become its singular components, and the optimizer's averages with them. */
function rotate(store: AdapterStore, path: string, rank: number): void {
  const { A, B } = store.get(path).parameters as { A: Parameter; B: Parameter };
  const components = singularComponents(A.values, B.values, rank);
  store.recombine(path, "A", 0, components.A, components.gradientsA);
  store.recombine(path, "B", 1, components.B, components.gradientsB);
}

/** Largest ‖a_i‖·‖b_i‖ first: nested rank gates close from the end. */
function orderComponents(store: AdapterStore, path: string, rank: number): void {
  const { A, B } = store.get(path).parameters as { A: Parameter; B: Parameter };
  const [ofA, ofB] = [rowEnergies(A.values, rank), rowEnergies(transposed(B.values, rank), rank)];
  const order = [...ofA.keys()].sort((a, b) => ofA[b]! * ofB[b]! - ofA[a]! * ofB[a]!);
  if (order.some((component, position) => component !== position)) keepComponents(store, path, order);
}

function keepComponents(store: AdapterStore, path: string, components: readonly number[]): void {
  store.select(path, "A", 0, components);
  store.select(path, "B", 1, components);
}

/** Gates start where the knapsack would put them, at the budget; without one, where the gate itself starts. */
function startGates(settings: BloraSettings, store: AdapterStore, worth: (site: LinearSite) => Worth): void {
  for (const site of store.sites) {
    const worthOfSite = settings.bopsTarget === undefined ? undefined : worth(site);
    const gates = chainsOf(settings).flatMap((chain): [string, Parameter][] => {
      const own = gatesOf(settings, chain);
      if (own === undefined || own.count === 0) return [];
      const values = own.init(chain.units, worthOfSite?.[chain.name]);
      return [[gatesName(chain), { shape: [chain.units, own.count], values, group: "gates" }]];
    });
    store.update(site.path, { parameters: Object.fromEntries(gates) });
  }
  shiftToBudget(settings, store);
}

/** Fixes the widths, removes closed components for good, and drops every gate. */
function settle(settings: BloraSettings, store: AdapterStore, worth: (site: LinearSite) => Worth): void {
  const { bopsTarget } = settings;
  const levels =
    bopsTarget === undefined
      ? new Map(store.sites.map(({ path }) => [path, decidedLevels(settings, store.get(path))]))
      : levelsWithin(settings, store, worth, bopsTarget);
  for (const { path } of store.sites) settleSite(settings, store, path, levels.get(path)!);
}

function settleSite(settings: BloraSettings, store: AdapterStore, path: string, levels: SiteLevels): void {
  const { A, B, ...others } = widthsAt(settings, levels);
  const open = [...A.keys()].filter((component) => A[component]! > 0 && B[component]! > 0);
  const { parameters, layout } = store.get(path);
  const own = (operand: Operand) =>
    Object.keys(quantizerParameters(parameters, operand)).map((name) => quantizerParameter(operand, name));
  const dropped = chainsOf(settings).map(gatesName);
  for (const operand of largeOperandsOf(settings))
    if (others[operand]![0] === FLOAT_BITS) dropped.push(...own(operand));
  if (open.length === 0) dropped.push("A", "B", ...own("A"), ...own("B"));
  else if (open.length < A.length) {
    keepComponents(store, path, open);
    // A range for each vector goes with its component; one for a whole matrix stays.
    const perVector = settings.granularity === "component" ? [...own("A"), ...own("B")] : [];
    for (const name of perVector) store.select(path, name, 0, open);
  }
  const bits = { ...others, A: open.map((component) => A[component]!), B: open.map((component) => B[component]!) };
  store.update(path, {
    layout: storedLayout({ ...layoutOf({ layout }), phase: "settle", rank: open.length, bits }),
    parameters: Object.fromEntries(dropped.map((name) => [name, undefined])),
  });
}
