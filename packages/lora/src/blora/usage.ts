import {
  type Adapter,
  FLOAT_BITS,
  type LinearSite,
  type MatmulUsage,
  type SiteSummary,
  type SiteUsage,
} from "@blora/spec";
import { macsPerToken } from "../usage.ts";
import { type ActivationOperand, activationsOf, bitsOf, type WeightOperand, weightsOf } from "./layout.ts";
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

/** The products of a site with the ranks and widths evaluation uses. */
export function bloraUsage(settings: BloraSettings, site: LinearSite, adapter: Adapter): SiteUsage {
  const keep = activeComponents(settings, adapter).length / settings.rank;
  const macs = macsPerToken(site, settings.rank);
  const matmuls = pricedMatrices(settings).map(
    (matrix): MatmulUsage => ({
      matrix,
      macsPerToken: macs[matrix],
      keep: matrix === "W0" ? 1 : keep,
      weightBits: bitsOf(settings, adapter, matrix) ?? FLOAT_BITS,
      inputBits: bitsOf(settings, adapter, INPUT_OF[matrix]) ?? FLOAT_BITS,
    }),
  );
  return { site, matmuls };
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
