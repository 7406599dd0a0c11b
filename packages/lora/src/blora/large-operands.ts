import type { BaseLinear, Context, SampledRounding, TracedAdapter } from "@blora/spec";
import {
  detached,
  ops,
  stratifiedRows,
  type Tensor,
  type TensorRecord,
  withSampledGradient,
  withSampledWeightGradient,
} from "@blora/tensor";
import { layoutOf, type Operand, quantizerParameters } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { operandQuantizer } from "./quantization.ts";

/**
 * The input x [M, I] of a site, rounded. In training the gradients of its
 * quantizer come from `gradientShare` of the rows.
 */
export function roundedInput(settings: BloraSettings, adapter: TracedAdapter, x: Tensor, context: Context): Tensor {
  if (!isSampled(settings, adapter, "input", context)) {
    return operandQuantizer(settings, adapter, context)("input", x);
  }
  const { rows, whole, sample } = sampledRounding(settings, adapter, "input", x, context);
  return withSampledGradient(whole, sample, rows);
}

/**
 * x·W̃0ᵀ + b of the frozen map, W0 [O, I] rounded. The gradient of a handful of
 * scalars needs no [O, I] product dyᵀ·x: in training it comes from
 * `gradientShare` of the rows of W0.
 */
export function roundedBase(
  settings: BloraSettings,
  adapter: TracedAdapter,
  x: Tensor,
  base: BaseLinear,
  context: Context,
): Tensor {
  if (!isSampled(settings, adapter, "W0", context)) {
    const weight = operandQuantizer(settings, adapter, context)("W0", base.weight);
    return weight === base.weight ? base.apply(x) : base.apply(x, weight);
  }
  const { rows, whole, sample } = sampledRounding(settings, adapter, "W0", base.weight, context);
  return withSampledWeightGradient(base.apply(x, whole), x, sample, rows);
}

function isSampled(
  { gradientShare, quantizer }: BloraSettings,
  adapter: TracedAdapter,
  operand: Operand,
  { mode }: Context,
): boolean {
  const { signed, bits } = layoutOf(adapter);
  if (mode === "eval" || gradientShare === 1 || signed[operand] === undefined) return false;
  return bits[operand] !== undefined || quantizer.quantizeSampled !== undefined;
}

function sampledRounding(
  { quantizer, gradientShare }: BloraSettings,
  adapter: TracedAdapter,
  operand: Operand,
  x: Tensor,
  context: Context,
): SampledRounding & { readonly rows: Tensor } {
  const path = `${adapter.site.path}/${operand}`;
  const { signed, bits } = layoutOf(adapter);
  const count = Math.ceil(gradientShare * x.shape[0]!);
  const rows = stratifiedRows(context.uniform(`${path}/rows`, [count]), x.shape[0]!);
  const parameters = quantizerParameters(adapter.parameters, operand);
  const isSigned = signed[operand]!;
  const fixed = bits[operand];
  if (fixed === undefined) {
    return { rows, ...quantizer.quantizeSampled!(parameters, x, rows, isSigned, context, path) };
  }
  return {
    rows,
    whole: quantizer.quantizeFixed(detachedAll(parameters), x, isSigned, fixed),
    sample: quantizer.quantizeFixed(parameters, ops.gather(detached(x), rows), isSigned, fixed),
  };
}

function detachedAll(parameters: TensorRecord): TensorRecord {
  return Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, detached(tensor)]));
}
