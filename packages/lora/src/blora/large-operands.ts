import type { BaseLinear, Context, SampledRounding, TracedAdapter } from "@blora/spec";
import {
  detached,
  linearWithUpdate,
  ops,
  stratifiedRows,
  type Tensor,
  type TensorRecord,
  withSampledGradient,
  withSampledWeightGradient,
} from "@blora/tensor";
import { type ActivationOperand, activationsOf, layoutOf, type Operand, quantizerParameters } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { operandQuantizer } from "./quantization.ts";

/**
 * Rounds the activations of a site, which all have M rows. In training the
 * gradients of their quantizers come from `gradientShare` of these rows, the
 * same for every activation.
 */
export function activationQuantizer(
  settings: BloraSettings,
  adapter: TracedAdapter,
  M: number,
  context: Context,
): (operand: ActivationOperand, x: Tensor) => Tensor {
  const isSampled = (operand: Operand) => isSampledOperand(settings, adapter, operand, context);
  const quantize = operandQuantizer(settings, adapter, context);
  if (!activationsOf(settings).some(isSampled)) return quantize;
  const rows = sampledRows(settings, adapter.site.path, M, context);
  return (operand, x) => {
    if (!isSampled(operand)) return quantize(operand, x);
    const { whole, sample } = sampledRounding(settings, adapter, operand, x, rows, context);
    return withSampledGradient(whole, sample, rows);
  };
}

/** h·Bᵀ, what an update adds to the frozen map: h [M, R], B [O, R]. */
export interface Update {
  readonly h: Tensor;
  readonly B: Tensor;
}

/**
 * x·W̃0ᵀ + b + h·Bᵀ, W0 [O, I] rounded. The gradient of a handful of
 * scalars needs no [O, I] product dyᵀ·x: in training it comes from
 * `gradientShare` of the rows of W0.
 */
export function roundedBase(
  settings: BloraSettings,
  adapter: TracedAdapter,
  x: Tensor,
  { h, B }: Update,
  base: BaseLinear,
  context: Context,
): Tensor {
  if (!isSampledOperand(settings, adapter, "W0", context)) {
    const weight = operandQuantizer(settings, adapter, context)("W0", base.weight);
    return linearWithUpdate(base.apply, x, weight, h, B);
  }
  const rows = sampledRows(settings, `${adapter.site.path}/W0`, base.weight.shape[0]!, context);
  const { whole, sample } = sampledRounding(settings, adapter, "W0", base.weight, rows, context);
  return withSampledWeightGradient(linearWithUpdate(base.apply, x, whole, h, B), x, sample, rows);
}

function isSampledOperand(
  { gradientShare, quantizer }: BloraSettings,
  adapter: TracedAdapter,
  operand: Operand,
  { mode }: Context,
): boolean {
  const { signed, bits } = layoutOf(adapter);
  if (mode === "eval" || gradientShare === 1 || signed[operand] === undefined) return false;
  return bits[operand] !== undefined || quantizer.quantizeSampled !== undefined;
}

function sampledRows({ gradientShare }: BloraSettings, path: string, rows: number, context: Context): Tensor {
  return stratifiedRows(context.uniform(`${path}/rows`, [Math.ceil(gradientShare * rows)]), rows);
}

function sampledRounding(
  { quantizer }: BloraSettings,
  adapter: TracedAdapter,
  operand: Operand,
  x: Tensor,
  rows: Tensor,
  context: Context,
): SampledRounding {
  const { signed, bits } = layoutOf(adapter);
  const parameters = quantizerParameters(adapter.parameters, operand);
  const isSigned = signed[operand]!;
  const fixed = bits[operand];
  if (fixed === undefined) {
    return quantizer.quantizeSampled!(parameters, x, rows, isSigned, context, `${adapter.site.path}/${operand}`);
  }
  return {
    whole: quantizer.quantizeFixed(detachedAll(parameters), x, isSigned, fixed),
    sample: quantizer.quantizeFixed(parameters, ops.gather(detached(x), rows), isSigned, fixed),
  };
}

function detachedAll(parameters: TensorRecord): TensorRecord {
  return Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, detached(tensor)]));
}
