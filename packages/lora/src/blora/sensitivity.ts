import type { AdapterStore, LinearSite } from "@blora/spec";
import {
  fisherErrors,
  productErrors,
  type Rounding,
  rowEnergies,
  squaredErrors,
} from "../allocation/component-errors.ts";
import { hullSlopes } from "../allocation/hull-slopes.ts";
import { type ActivationOperand, type Chain, chainsOf, scaleIn } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { highestLevel, levelsEverywhere, siteCost, widthsAt } from "./usage.ts";
import { componentRows, type Observed, roundedVectors, wholeTensor } from "./vectors.ts";

/** ln(error removed per bit operation) of going to the next level, [units][L - 1], by chain. Never rises along a unit. */
export type Worth = Readonly<Record<string, readonly (readonly number[])[]>>;

export function worthOf(settings: BloraSettings, store: AdapterStore, site: LinearSite, observed: Observed): Worth {
  const chains = chainsOf(settings);
  const highest = levelsEverywhere(settings, highestLevel);
  const costAt = ({ name }: Chain, unit: number, level: number): number =>
    siteCost(settings, site, widthsAt(settings, { ...highest, [name]: highest[name]!.with(unit, level) }), store.cost);
  const worth = (chain: Chain): number[][] =>
    errorsOf(settings, store, site, chain, observed).map((errors, unit) => {
      const costs = chain.levels.map((_, level) => costAt(chain, unit, level));
      return hullSlopes(costs, errors).map((slope) => Math.log(Math.max(slope, Number.MIN_VALUE)));
    });
  const isUniform = settings.allocation === "uniform";
  return Object.fromEntries(chains.map((chain) => [chain.name, isUniform ? uniformWorth(chain) : worth(chain)]));
}

/** The strongest components of every site first, each with all its widths before the next. */
function uniformWorth({ units, levels }: Chain): number[][] {
  return Array.from({ length: units }, (_, unit) => levels.slice(1).map(() => -unit));
}

/**
 * What each level of each unit leaves of error, [units][L]: the mean square
 * error of the site's output over that of its input, inputs being white; or,
 * by Fisher information, what rounding adds to the loss.
 */
function errorsOf(
  settings: BloraSettings,
  store: AdapterStore,
  { path }: LinearSite,
  { name, levels, units }: Chain,
  observed: Observed,
): number[][] {
  const errors = (A: number | undefined, B: number | undefined) => componentErrors(settings, store, path, A, B);
  const total = (terms: readonly number[]): number => terms.reduce((sum, term) => sum + term, 0);
  switch (name) {
    case "components": {
      const byLevel = levels.map((bits) => errors(bits, bits)); // [L][R]
      return Array.from({ length: units }, (_, unit) => byLevel.map((ofAll) => ofAll[unit]!));
    }
    case "A":
      return [levels.map((bits) => total(errors(bits, undefined)))];
    case "B":
      return [levels.map((bits) => total(errors(undefined, bits)))];
    case "rank": {
      const energies = errors(0, 0);
      return [levels.map((rank) => total(energies.slice(rank)))];
    }
    case "W0": {
      const float = store.baseWeight(path);
      const rounded = (bits: number) => roundedVectors(settings, store.get(path), "W0", wholeTensor(float), [bits]);
      return [levels.map((bits) => squaredErrors({ float, rounded: rounded(bits) }, 1)[0]!)];
    }
    default:
      return [activationErrors(settings, store, path, name, levels, observed)];
  }
}

/** Of every component at the given widths of its sides, undefined for floating point and 0 for closed. [R] */
function componentErrors(
  settings: BloraSettings,
  store: AdapterStore,
  path: string,
  bitsA: number | undefined,
  bitsB: number | undefined,
): number[] {
  const { rank: R, sensitivity } = settings;
  const rounding = (matrix: "A" | "B", bits: number | undefined): Rounding =>
    componentRows(settings, store.get(path), matrix, bits);
  const [a, b] = [rounding("A", bitsA), rounding("B", bitsB)];
  if (sensitivity === "error")
    return productErrors(a, b, R).map((error) => scaleIn(settings, store.get(path)) ** 2 * error);
  const ofB = fisherErrors(b, store.squaredGradients(path, "B"), R);
  return fisherErrors(a, store.squaredGradients(path, "A"), R).map((error, i) => error + ofB[i]!);
}

/** Of evenly spaced levels over the range that was seen, (range / (2^b - 1))² / 12, as the site's output has it. */
function activationErrors(
  settings: BloraSettings,
  store: AdapterStore,
  path: string,
  operand: ActivationOperand,
  levels: readonly number[],
  observed: Observed,
): number[] {
  const { min, max } = observed[operand]!;
  const range = min < 0 ? 2 * Math.max(-min, max) : max;
  const reader = operand === "input" ? store.baseWeight(path) : store.get(path).parameters.B!.values;
  const scale = operand === "input" ? 1 : scaleIn(settings, store.get(path));
  const gain = (scale ** 2 * rowEnergies(reader, 1)[0]!) / observed.input!.meanSquare;
  return levels.map((bits) => (gain * (range / (2 ** bits - 1)) ** 2) / 12);
}
