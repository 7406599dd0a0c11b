import {
  type Adapter,
  type CostModel,
  FLOAT_BITS,
  type LinearSite,
  type MatmulUsage,
  type SiteSummary,
  type SiteUsage,
} from "@blora/spec";
import { floatUsage, macsPerToken } from "../usage.ts";
import { hostShares } from "./gates.ts";
import {
  type ActivationOperand,
  type Chain,
  chainsOf,
  gatesName,
  layoutOf,
  type Operand,
  type WeightOperand,
} from "./layout.ts";
import type { BloraSettings } from "./options.ts";

/** The activation each product reads. */
export const INPUT_OF: Readonly<Record<WeightOperand, ActivationOperand>> = { W0: "input", A: "input", B: "afterA" };

/** Widths of a site: of A and B one for each component, 0 where it is closed; of the others one; absent in floating point. */
export type SiteWidths = Readonly<Partial<Record<Operand, readonly number[]>>> & {
  readonly A: readonly number[];
  readonly B: readonly number[];
};

/** Which of its levels each unit of a chain has, by chain. */
export type SiteLevels = Readonly<Record<string, readonly number[]>>;

export function widthsAt(settings: BloraSettings, levels: SiteLevels): SiteWidths {
  const chains = chainsOf(settings);
  const levelsOf = ({ name, levels: all }: Chain) => levels[name]!.map((level) => all[level]!);
  const rank = chains.find(({ name }) => name === "rank");
  const open = rank === undefined ? settings.rank : levelsOf(rank)[0]!;
  const ofComponents = (widths: readonly number[]) =>
    Array.from({ length: settings.rank }, (_, i) => (i < open ? widths[widths.length === 1 ? 0 : i]! : 0));
  const byOperand = chains.flatMap((chain) => chain.operands.map((operand) => [operand, levelsOf(chain)] as const));
  const widths = Object.fromEntries(byOperand) as unknown as SiteWidths;
  return { ...widths, A: ofComponents(widths.A), B: ofComponents(widths.B) };
}

/** All units of a chain at one of its levels. */
export function levelsEverywhere(settings: BloraSettings, levelOf: (chain: Chain) => number): SiteLevels {
  return Object.fromEntries(
    chainsOf(settings).map((chain) => [chain.name, Array<number>(chain.units).fill(levelOf(chain))]),
  );
}

export function highestLevel({ levels }: Chain): number {
  return levels.length - 1;
}

/** The widths evaluation uses. */
export function widthsOf(settings: BloraSettings, adapter: Adapter): SiteWidths {
  const { phase, rank, bits } = layoutOf(adapter);
  const float = Array<number>(rank).fill(FLOAT_BITS);
  if (phase !== "gates") return { A: float, B: float, ...bits };
  return widthsAt(settings, decidedLevels(settings, adapter));
}

/** The levels that gates decide on; the highest where there are none. */
export function decidedLevels(settings: BloraSettings, { parameters }: Adapter): SiteLevels {
  const decided = chainsOf(settings).flatMap((chain) => {
    const gates = parameters[gatesName(chain)]?.values;
    if (gates === undefined) return [];
    return [[chain.name, hostShares(settings, chain, gates, "decided").map((shares) => shares.indexOf(1))] as const];
  });
  return { ...levelsEverywhere(settings, highestLevel), ...Object.fromEntries(decided) };
}

/** The matrices whose products are priced. */
export function matricesOf({ scope }: Pick<BloraSettings, "scope">): readonly WeightOperand[] {
  return scope === "site" ? ["A", "B", "W0"] : ["A", "B"];
}

/** The products of a site: a row for each matrix and width. */
export function siteUsage(settings: BloraSettings, site: LinearSite, widths: SiteWidths): SiteUsage {
  const macs = macsPerToken(site, settings.rank);
  const rows = (matrix: WeightOperand): MatmulUsage[] => {
    const own = widths[matrix] ?? [FLOAT_BITS];
    const inputBits = widths[INPUT_OF[matrix]]?.[0] ?? FLOAT_BITS;
    return [...new Set(own)]
      .filter((bits) => bits > 0)
      .map((weightBits) => ({
        matrix,
        macsPerToken: macs[matrix],
        keep: matrix === "W0" ? 1 : own.filter((bits) => bits === weightBits).length / settings.rank,
        weightBits,
        inputBits,
      }));
  };
  return { site, matmuls: matricesOf(settings).flatMap(rows) };
}

/** The products of a site with the ranks and widths evaluation uses. */
export function bloraUsage(settings: BloraSettings, site: LinearSite, adapter: Adapter): SiteUsage {
  return siteUsage(settings, site, widthsOf(settings, adapter));
}

export function siteCost(settings: BloraSettings, site: LinearSite, widths: SiteWidths, cost: CostModel): number {
  return Number(cost.measured([siteUsage(settings, site, widths)], 1).total);
}

/** Plain LoRA in 32 bit at the starting rank: what every ratio is a share of. */
export function bloraBaseline(settings: BloraSettings, site: LinearSite): SiteUsage {
  return floatUsage(site, settings.rank, matricesOf(settings));
}

export function baselineCost(settings: BloraSettings, sites: readonly LinearSite[], cost: CostModel): number {
  const baseline = sites.map((site) => bloraBaseline(settings, site));
  return Number(cost.measured(baseline, 1).total);
}

/** Rank, and the width of every operand in scope: of A and B one for each component where these differ. */
export function bloraSummary(settings: BloraSettings, adapter: Adapter): SiteSummary {
  const { A, B, ...others } = widthsOf(settings, adapter);
  const open = (widths: readonly number[]) => widths.filter((bits) => bits > 0);
  const described = (widths: readonly number[]) =>
    settings.granularity === "component" && layoutOf(adapter).phase !== "warmup"
      ? open(widths)
      : (open(widths)[0] ?? []);
  const single = Object.entries(others).map(([operand, widths]) => [operand, widths[0]!] as const);
  return { rank: open(A).length, bits: { A: described(A), B: described(B), ...Object.fromEntries(single) } };
}

/** Sentences on a budget that is out of reach or, once widths are settled, was missed. */
export function budgetWarnings(
  settings: BloraSettings,
  sites: readonly LinearSite[],
  adapters: ReadonlyMap<string, Adapter>,
  cost: CostModel,
): string[] {
  const { bopsTarget, scope } = settings;
  if (bopsTarget === undefined || sites.length === 0) return [];
  const share = (widthsOfSite: (site: LinearSite) => SiteWidths): number =>
    sites.reduce((sum, site) => sum + siteCost(settings, site, widthsOfSite(site), cost), 0) /
    baselineCost(settings, sites, cost);
  const shareAt = (level: (chain: Chain) => number): number =>
    share(() => widthsAt(settings, levelsEverywhere(settings, level)));
  const [floor, ceiling] = [shareAt(() => 0), shareAt(highestLevel)];
  const outOfReach = (limit: string) =>
    `bopsTarget: ${bopsTarget} is out of reach at scope ${scope}: ${limit} of the baseline, and the run ends there.`;
  if (bopsTarget < floor) return [outOfReach(`the least it can cost is ${floor.toFixed(4)}`)];
  if (bopsTarget > ceiling) return [outOfReach(`the most it can cost is ${ceiling.toFixed(4)}`)];
  if (sites.some(({ path }) => layoutOf(adapters.get(path)!).phase !== "settle")) return [];
  const ended = share((site) => widthsOf(settings, adapters.get(site.path)!));
  if (Math.abs(ended - bopsTarget) <= TOLERANCE * bopsTarget) return [];
  return [
    `bopsTarget: expected a share of ${bopsTarget} of the baseline's ${cost.unit}, found ${ended.toFixed(4)}: one more step of any width costs more than what is left.`,
  ];
}

/** How far from its target a run may end, as a share of the target. */
const TOLERANCE = 0.02;
