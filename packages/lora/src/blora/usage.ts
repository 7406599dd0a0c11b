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
import {
  type ActivationOperand,
  activationsOf,
  bitsOf,
  type Operand,
  type WeightOperand,
  weightsOf,
} from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { activeComponents } from "./quantization.ts";

/** The activation each product reads. */
export const INPUT_OF: Readonly<Record<WeightOperand, ActivationOperand>> = {
  W0: "input",
  A: "input",
  E: "afterA",
  B: "afterE",
};

/** Products in scope. The frozen one belongs to scope `site` alone: the others leave it as LoRA does. */
export function pricedMatrices({ scope }: BloraSettings): readonly WeightOperand[] {
  return scope === "site" ? ["A", "E", "B", "W0"] : ["A", "E", "B"];
}

/** The products of a site with `rank` components and operands of the given widths, `undefined` for floating point. */
export function siteUsage(
  settings: BloraSettings,
  site: LinearSite,
  rank: number,
  bits: (operand: Operand) => number | undefined,
): SiteUsage {
  const macs = macsPerToken(site, settings.rank);
  const matmuls = pricedMatrices(settings).map(
    (matrix): MatmulUsage => ({
      matrix,
      macsPerToken: macs[matrix],
      keep: matrix === "W0" ? 1 : rank / settings.rank,
      weightBits: bits(matrix) ?? FLOAT_BITS,
      inputBits: bits(INPUT_OF[matrix]) ?? FLOAT_BITS,
    }),
  );
  return { site, matmuls };
}

/** The products of a site with the ranks and widths evaluation uses. */
export function bloraUsage(settings: BloraSettings, site: LinearSite, adapter: Adapter): SiteUsage {
  const rank = activeComponents(settings, adapter).length;
  return siteUsage(settings, site, rank, (operand) => bitsOf(settings, adapter, operand));
}

/** Plain LoRA in 32 bit at the starting rank: what every ratio is a share of. */
export function bloraBaseline({ rank, scope }: BloraSettings, site: LinearSite): SiteUsage {
  return floatUsage(site, rank, scope === "site" ? ["A", "B", "W0"] : ["A", "B"]);
}

export function baselineCost(settings: BloraSettings, sites: readonly LinearSite[], cost: CostModel): number {
  const baseline = sites.map((site) => bloraBaseline(settings, site));
  return Number(cost.measured(baseline, 1).total);
}

/** Rank, and the width of every operand in scope. */
export function bloraSummary(settings: BloraSettings, adapter: Adapter): SiteSummary {
  const operands = new Set([...(["A", "E", "B"] as const), ...weightsOf(settings), ...activationsOf(settings)]);
  return {
    rank: activeComponents(settings, adapter).length,
    bits: Object.fromEntries(
      [...operands].map((operand) => [operand, bitsOf(settings, adapter, operand) ?? FLOAT_BITS]),
    ),
  };
}
