/**
 * The objective of B-LoRA, θ being the trained matrices and ranges, φ the gates:
 *
 *     min over θ, φ of  E_z[ L(θ, z) ]  subject to  E_z[ C(z) ] ≤ T        (with a budget T)
 *     min over θ, φ of  E_z[ L(θ, z) ] + λ · E_z[ C(z) ] / C_LoRA           (without; the paper's form)
 *
 * z are the levels that gates draw, L the task loss, C the bit operations of a
 * token at the adapted sites, C_LoRA those of LoRA in 32 bit at the starting rank. The
 * constraint is kept by one shift of all gates after each update, which puts
 * E[C] on T exactly: a projection, so λ is neither tuned nor remembered.
 */
import type { AdapterStore, CostModel, ExpectedProducts, LinearSite, TracedAdapter } from "@blora/spec";
import { FLOAT_BITS } from "@blora/spec";
import { evaluateOnHost, ops, type Tensor } from "@blora/tensor";
import { risingRoot } from "../allocation/rising-root.ts";
import { macsPerToken } from "../usage.ts";
import { type ChainShares, chainShares, joinGates, noNoise } from "./gates.ts";
import { type Chain, chainsOf, gatesName, layoutOf, type Operand, type WeightOperand } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { baselineCost, INPUT_OF, matricesOf } from "./usage.ts";

/** λ·E[C]/C_LoRA; undefined under a budget, and where no gates are learned. */
export function bloraPenalty(
  settings: BloraSettings,
  adapters: readonly TracedAdapter[],
  cost: CostModel,
): Tensor | undefined {
  const learning = adapters.filter((adapter) => layoutOf(adapter).phase === "gates");
  if (learning.length === 0 || settings.bopsTarget !== undefined || settings.penaltyStrength === 0) return undefined;
  const sites = learning.map(({ site }) => site);
  const likely = chainShares(settings, joinGates(settings, learning), "likely", noNoise);
  const expected = cost.expected(expectedProducts(settings, sites, likely));
  return ops.mul(expected, settings.penaltyStrength / baselineCost(settings, sites, cost));
}

/** The products of all sites with their mean widths and ranks: where these are certain, those of `siteUsage`. */
function expectedProducts(
  settings: BloraSettings,
  sites: readonly LinearSite[],
  likely: ChainShares,
): ExpectedProducts[] {
  const { rank, granularity } = settings;
  const units = granularity === "component" ? rank : 1;
  const repeat = (values: Tensor) => ops.reshape(ops.tile(ops.reshape(values, [-1, 1]), [1, units]), [-1]);
  const levelOf = (name: string): Tensor | undefined => {
    const chain = chainsOf(settings).find((chain) => chain.name === name || chain.operands.includes(name as Operand));
    if (chain === undefined) return undefined;
    const { length } = chain.levels;
    return ops.reshape(ops.matMul(likely.get(chain.name)!, ops.tensor([...chain.levels], [length, 1])), [-1]);
  };
  const inputBits = (matrix: WeightOperand) => {
    const bits = levelOf(INPUT_OF[matrix]);
    return bits === undefined ? ops.scalar(FLOAT_BITS) : matrix === "W0" ? bits : repeat(bits);
  };
  const open = levelOf("rank");
  return matricesOf(settings).map((matrix): ExpectedProducts => {
    const unitsOf = matrix === "W0" ? 1 : units;
    const perUnit = sites.flatMap((site) => Array<number>(unitsOf).fill(macsPerToken(site, rank)[matrix] / unitsOf));
    const macs = ops.tensor(perUnit);
    const kept = open === undefined || matrix === "W0" ? macs : ops.mul(macs, ops.mul(open, 1 / rank));
    return { macsPerToken: kept, weightBits: levelOf(matrix)!, inputBits: inputBits(matrix) };
  });
}

/** How near the expected cost must come to the budget, as a share of it. */
const PRECISION = 1e-4;

/** Shifts all gates by one number, in place, so that E[C] is the budget. */
export function shiftToBudget(settings: BloraSettings, store: AdapterStore): void {
  const { sites, cost } = store;
  if (settings.bopsTarget === undefined) return;
  const budget = settings.bopsTarget * baselineCost(settings, sites, cost);
  const parameters = sites.map(({ path }) => store.get(path).parameters);
  const gatesAt = (chain: Chain): Float32Array[] => parameters.flatMap((own) => own[gatesName(chain)]?.values ?? []);
  const joined = new Map(
    chainsOf(settings).map((chain) => [chain.name, Float32Array.from(gatesAt(chain).flatMap((values) => [...values]))]),
  );
  const costAt = (shift: number): number => {
    const [expected] = evaluateOnHost(() => {
      const of = (chain: Chain): Tensor => {
        const gates = joined.get(chain.name)!;
        const units = chain.units * sites.length;
        return ops.tensor(
          gates.map((gate) => gate + shift),
          [units, gates.length / units],
        );
      };
      const likely = chainShares(settings, { sites: sites.length, of }, "likely", noNoise);
      return cost.expected(expectedProducts(settings, sites, likely));
    });
    return expected! / budget - 1;
  };
  const shift = risingRoot(costAt, PRECISION);
  for (const values of chainsOf(settings).flatMap(gatesAt))
    for (const [index, gate] of values.entries()) values[index] = gate + shift;
}
