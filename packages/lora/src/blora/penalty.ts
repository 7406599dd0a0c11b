import { type CostModel, FLOAT_BITS, type MatmulUsage, type SiteUsage, type TracedAdapter } from "@blora/spec";
import { ops, type Tensor, type TensorRecord } from "@blora/tensor";
import { floatUsage, macsPerToken } from "../usage.ts";
import { strengthOf } from "./budget-state.ts";
import { activationsOf, layoutOf, type Operand, quantizerParameters, RANK_GATES, weightsOf } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { expectedKeeps } from "./rank-gates.ts";
import { INPUT_OF, pricedMatrices } from "./usage.ts";

/** λ times how dear the layout is expected to be, 0 to λ. Undefined where nothing is being learned that has a price. */
export function bloraPenalty(
  settings: BloraSettings,
  adapters: readonly TracedAdapter[],
  cost: CostModel,
): Tensor | undefined {
  const learning = adapters.filter((adapter) => layoutOf(adapter).phase === "gates");
  if (learning.length === 0 || (settings.penaltyStrength === 0 && settings.bopsTarget === undefined)) return undefined;
  if (!settings.learnBits && learning.every(({ parameters }) => parameters[RANK_GATES] === undefined)) return undefined;
  const expectations = siteExpectations(settings, learning);
  const value = price(settings, learning, expectations, cost);
  return ops.mul(value, strengthOf(adapters) ?? settings.penaltyStrength);
}

/** Expected cost of a token at sites whose gates are being learned, a scalar. */
export function expectedCost(settings: BloraSettings, adapters: readonly TracedAdapter[], cost: CostModel): Tensor {
  return costOf(settings, adapters, siteExpectations(settings, adapters), cost);
}

/** What the gates of one site make of it on average. */
interface SiteExpectation {
  /** r̄ / R, where the rank is learned */
  readonly keep: Tensor | undefined;
  /** b̄ of the quantized operands */
  readonly bits: ReadonlyMap<Operand, Tensor>;
}

function siteExpectations(settings: BloraSettings, adapters: readonly TracedAdapter[]): SiteExpectation[] {
  // All sites start with the same rank, so either each has gates or none.
  const logits = adapters.flatMap(({ parameters }) => parameters[RANK_GATES] ?? []);
  const keeps = expectedKeeps(settings, logits);
  const operands = [...weightsOf(settings), ...activationsOf(settings)];
  const bits = expectedBits(
    settings,
    adapters.flatMap(({ parameters }) => operands.map((operand) => quantizerParameters(parameters, operand))),
  );
  return adapters.map((_, site) => ({
    keep: keeps[site],
    bits: new Map(operands.map((operand, index) => [operand, bits[site * operands.length + index]!])),
  }));
}

function expectedBits({ quantizer }: BloraSettings, parameters: readonly TensorRecord[]): readonly Tensor[] {
  if (parameters.length === 0) return [];
  return quantizer.expectedBitsOfAll?.(parameters) ?? parameters.map((own) => quantizer.expectedBits(own));
}

function price(
  settings: BloraSettings,
  adapters: readonly TracedAdapter[],
  expectations: readonly SiteExpectation[],
  cost: CostModel,
): Tensor {
  if (settings.portCompat) return portPenalty(settings, adapters, expectations);
  if (settings.penalty === "const") return ops.mean(ops.stack(expectations.flatMap(shares)));
  const full = adapters.map(({ site }) => floatUsage(site, settings.rank, pricedMatrices(settings)));
  const fullPrice = Number(cost.measured(full, 1).total);
  return ops.mul(costOf(settings, adapters, expectations, cost), 1 / fullPrice);
}

function costOf(
  settings: BloraSettings,
  adapters: readonly TracedAdapter[],
  expectations: readonly SiteExpectation[],
  cost: CostModel,
): Tensor {
  return cost.expected(adapters.map((adapter, index) => expectedUsage(settings, adapter, expectations[index]!)));
}

/** Differentiable twin of `bloraUsage`. */
function expectedUsage(
  settings: BloraSettings,
  { site }: TracedAdapter,
  { keep, bits }: SiteExpectation,
): SiteUsage<Tensor> {
  const one = ops.scalar(1);
  const float = ops.scalar(FLOAT_BITS);
  const macs = macsPerToken(site, settings.rank);
  const matmuls = pricedMatrices(settings).map(
    (matrix): MatmulUsage<Tensor> => ({
      matrix,
      macsPerToken: macs[matrix],
      keep: matrix === "W0" ? one : (keep ?? one),
      weightBits: bits.get(matrix) ?? float,
      inputBits: bits.get(INPUT_OF[matrix]) ?? float,
    }),
  );
  return { site, matmuls };
}

/** Every learned quantity of a site as a share of its full price. */
function shares({ keep, bits }: SiteExpectation): Tensor[] {
  const widths = [...bits.values()].map(shareOfFloat);
  return keep === undefined ? widths : [keep, ...widths];
}

/**
 * The first author's regularizer: a plain sum over quantizers, where the rank
 * gates enter as the independent mean of their probabilities and multiply the
 * width of E. Widths stand for the sum of open levels, which a `Quantizer`
 * does not show.
 */
function portPenalty(
  { rankGate }: BloraSettings,
  adapters: readonly TracedAdapter[],
  expectations: readonly SiteExpectation[],
): Tensor {
  const terms = expectations.flatMap(({ bits }, index) => {
    const logits = adapters[index]!.parameters[RANK_GATES];
    const open = logits === undefined ? ops.scalar(1) : ops.mean(rankGate.probabilityOn(logits));
    const E = bits.get("E");
    const others = [...bits].filter(([operand]) => operand !== "E").map(([, width]) => shareOfFloat(width));
    return [E === undefined ? open : ops.mul(open, shareOfFloat(E)), ...others];
  });
  return ops.sum(ops.stack(terms));
}

function shareOfFloat(bits: Tensor): Tensor {
  return ops.mul(bits, 1 / FLOAT_BITS);
}
