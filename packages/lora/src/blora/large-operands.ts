import type { ActivationStatistics, BaseLinear, Context, TracedAdapter } from "@blora/spec";
import {
  detached,
  ops,
  rowsOf,
  stratifiedRows,
  type Tensor,
  withSampledGradient,
  withSampledWeightGradient,
} from "@blora/tensor";
import { type ChainShares, chainShares, type JoinedGates } from "./gates.ts";
import {
  type ActivationOperand,
  largeOperandsOf,
  layoutOf,
  type Operand,
  quantizerOf,
  quantizerParameter,
  quantizerParameters,
} from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { roundBy } from "./vectors.ts";

/** Names under which `prepare` hands the widths of one pass to `apply`, each [1, L]: soft for gradients, one-hot for values. */
const SOFT = "shares";
const HARD = "width";

/**
 * The widths of W0 and activations in one pass. All of them drawn at once
 * would disturb a step too much, so `drawShare` of them take the likeliest
 * width of their draw, and the others the one evaluation would use.
 */
export function drawLargeOperands(
  settings: BloraSettings,
  gates: JoinedGates,
  drawn: ChainShares,
  context: Context,
): Record<string, Tensor>[] {
  const prepared = Array.from({ length: gates.sites }, (): Record<string, Tensor> => ({}));
  const operands = largeOperandsOf(settings);
  if (operands.length === 0) return prepared;
  const training = context.mode === "train";
  const decided = training ? chainShares(settings, gates, "decided", context.uniform) : drawn;
  for (const operand of operands) {
    const soft = drawn.get(operand)!; // [S, L]
    const hard = training ? someDrawn(settings, operand, detached(soft), decided.get(operand)!, context) : soft;
    for (const [index, row] of rowsOf(soft).entries()) prepared[index]![quantizerParameter(operand, SOFT)] = row;
    for (const [index, row] of rowsOf(hard).entries()) prepared[index]![quantizerParameter(operand, HARD)] = row;
  }
  return prepared;
}

function someDrawn(
  { drawShare }: BloraSettings,
  operand: Operand,
  soft: Tensor,
  decided: Tensor,
  context: Context,
): Tensor {
  const draws = ops.cast(
    ops.less(context.uniform(`gates/${operand}/draws`, [soft.shape[0]!, 1]), drawShare),
    "float32",
  );
  const likeliest = ops.cast(ops.equal(soft, ops.max(soft, 1, true)), "float32");
  return ops.add(decided, ops.mul(draws, ops.sub(likeliest, decided)));
}

/** Rounds the activations of a site, which all have M rows; their quantizers are trained by `gradientShare` of the rows. */
export function activationRounding(
  settings: BloraSettings,
  adapter: TracedAdapter,
  M: number,
  context: Context,
): (operand: ActivationOperand, x: Tensor) => Tensor {
  if (context.mode === "eval") return (operand, x) => rounded(settings, adapter, operand, x, "whole");
  const rows = sampledRows(settings, adapter.site.path, M, context);
  return (operand, x) => {
    const sample = rounded(settings, adapter, operand, ops.gather(detached(x), rows), "sample");
    return withSampledGradient(rounded(settings, adapter, operand, x, "whole"), sample, rows);
  };
}

/** h·Bᵀ, what an update adds to the frozen map: h [M, R], B [O, R]. */
export interface Update {
  readonly h: Tensor;
  readonly B: Tensor;
}

/**
 * x·W̃0ᵀ + b + h·Bᵀ, W0 [O, I] rounded. The gradient of a handful of numbers
 * needs no [O, I] product dyᵀ·x: it comes from `gradientShare` of the rows of W0.
 */
export function roundedBaseProduct(
  settings: BloraSettings,
  adapter: TracedAdapter,
  x: Tensor,
  update: Update | undefined,
  base: BaseLinear,
  context: Context,
): Tensor {
  const weight = rounded(settings, adapter, "W0", base.weight, "whole");
  const product = base.apply(x, weight, update);
  if (context.mode === "eval") return product;
  const rows = sampledRows(settings, `${adapter.site.path}/W0`, base.weight.shape[0]!, context);
  const sample = rounded(settings, adapter, "W0", ops.gather(base.weight, rows), "sample");
  return withSampledWeightGradient(product, x, sample, rows);
}

function sampledRows({ gradientShare }: BloraSettings, path: string, rows: number, context: Context): Tensor {
  return stratifiedRows(context.uniform(`${path}/rows`, [Math.ceil(gradientShare * rows)]), rows);
}

/**
 * The `whole` of a tensor, differentiable by x alone, or a `sample` of its rows, by the quantizer's parameters and gates.
 *
 * A tensor is one vector, with one range. Where a quantizer has no parameters its scales come from the values themselves:
 * each row of an activation is then a vector, as in kernels for whole numbers (LLM.int8, Dettmers et al. 2022),
 * so that no token depends on what else is in its batch.
 */
function rounded(
  settings: BloraSettings,
  adapter: TracedAdapter,
  operand: Exclude<Operand, "A" | "B">,
  x: Tensor,
  part: "whole" | "sample",
): Tensor {
  const { bits, unsigned } = layoutOf(adapter);
  const { [SOFT]: soft, [HARD]: hard, ...trained } = quantizerParameters(adapter.parameters, operand);
  const parameters =
    part === "sample"
      ? trained
      : Object.fromEntries(Object.entries(trained).map(([name, tensor]) => [name, detached(tensor)]));
  const isSigned = operand === "W0" || !unsigned.includes(operand);
  const byRow = operand !== "W0" && Object.keys(trained).length === 0;
  const vectors = byRow ? x : ops.reshape(x, [1, -1]);
  const N = vectors.shape[0]!;
  const each = (shares: Tensor): Tensor => (N === 1 ? shares : ops.tile(shares, [N, 1])); // [1, L] → [N, L]
  const settled = bits[operand];
  const widths =
    settled !== undefined
      ? Array<number>(N).fill(settled[0]!)
      : part === "sample"
        ? { shares: each(soft!) }
        : { shares: each(hard!), oneHot: true };
  return ops.reshape(roundBy(quantizerOf(settings, operand), parameters, vectors, isSigned, widths), x.shape);
}

/** Statistics of the activations in scope, as the forward pass in floating point has them. */
export function observeActivations(
  { parameters }: TracedAdapter,
  x: Tensor,
): Record<ActivationOperand, ActivationStatistics<Tensor>> {
  const statistics = (activation: Tensor): ActivationStatistics<Tensor> => ({
    min: ops.neg(ops.max(ops.neg(activation))),
    max: ops.max(activation),
    meanSquare: ops.mean(ops.square(activation)),
  });
  return { input: statistics(x), afterA: statistics(ops.matMul(x, parameters.A!, false, true)) };
}
