import type { Adapter, CostModel, LinearSite, SiteUsage } from "@blora/spec";
import { activationsOf, layoutOf, type Operand, weightsOf } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { baselineCost, bloraUsage, siteUsage } from "./usage.ts";

/** How far from its target a run may end, as a share of the target. */
const TOLERANCE = 0.02;

/** Sentences on a budget that cannot be met, or once gates are hard, that was not. */
export function budgetWarnings(
  settings: BloraSettings,
  sites: readonly LinearSite[],
  adapters: ReadonlyMap<string, Adapter>,
  cost: CostModel,
): string[] {
  const { bopsTarget } = settings;
  if (bopsTarget === undefined || sites.length === 0) return [];
  const baseline = baselineCost(settings, sites, cost);
  const share = (usageOf: (site: LinearSite) => SiteUsage): number =>
    Number(cost.measured(sites.map(usageOf), 1).total) / baseline;
  const { floor, ceiling } = reach(settings, share);
  if (bopsTarget < floor) return [outOfReach(settings, `the least it can cost is ${floor.toFixed(4)}`)];
  if (bopsTarget > ceiling) return [outOfReach(settings, `the most it can cost is ${ceiling.toFixed(4)}`)];

  if (sites.some(({ path }) => layoutOf(adapters.get(path)!).phase !== "settle")) return [];
  const ended = share((site) => bloraUsage(settings, site, adapters.get(site.path)!));
  if (Math.abs(ended - bopsTarget) <= TOLERANCE * bopsTarget) return [];
  return [
    `bopsTarget: expected a share of ${bopsTarget} of the baseline's ${cost.unit}, found ${ended.toFixed(4)}: too few gates to come nearer.`,
  ];
}

/** Smallest and largest share: everything closed, and nothing. */
function reach(
  settings: BloraSettings,
  share: (usageOf: (site: LinearSite) => SiteUsage) => number,
): { floor: number; ceiling: number } {
  const { rank, learnRank, quantizer } = settings;
  const widths = quantizer.bitWidths;
  const quantized = new Set<Operand>([...weightsOf(settings), ...activationsOf(settings)]);
  const at = (components: number, width: number) =>
    share((site) => siteUsage(settings, site, components, (operand) => (quantized.has(operand) ? width : undefined)));
  return { floor: at(learnRank ? 1 : rank, widths[0]!), ceiling: at(rank, widths.at(-1)!) };
}

function outOfReach({ bopsTarget, scope }: BloraSettings, limit: string): string {
  return `bopsTarget: ${bopsTarget} is out of reach at scope ${scope}: ${limit} of the baseline, and the run ends there.`;
}
