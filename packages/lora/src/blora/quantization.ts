import type { Adapter, Context, EncodedValues, TracedAdapter } from "@blora/spec";
import { evaluateOnHost, type HostTensor, ops, type Tensor } from "@blora/tensor";
import { bitsOf, layoutOf, type Operand, quantizerParameters } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { openComponents } from "./rank-gates.ts";

/** Rounds operands of one site as its layout says; those that are not quantized stay as they are. */
export function operandQuantizer(
  { quantizer }: BloraSettings,
  adapter: TracedAdapter,
  context: Context,
): (operand: Operand, x: Tensor) => Tensor {
  const { signed, bits } = layoutOf(adapter);
  return (operand, x) => {
    const isSigned = signed[operand];
    if (isSigned === undefined) return x;
    const parameters = quantizerParameters(adapter.parameters, operand);
    const fixed = bits[operand];
    return fixed === undefined
      ? quantizer.quantize(parameters, x, isSigned, context, `${adapter.site.path}/${operand}`)
      : quantizer.quantizeFixed(parameters, x, isSigned, fixed);
  };
}

/** A trained matrix as evaluation uses it, on the host. */
export function roundedValues(settings: BloraSettings, adapter: Adapter, matrix: "A" | "E" | "B"): Float32Array {
  return roundOnHost(settings, adapter, matrix, adapter.parameters[matrix]!);
}

/** W0 [O, I] as evaluation uses it, on the host. */
export function roundedBase(settings: BloraSettings, adapter: Adapter, weight: Float32Array): Float32Array {
  return roundOnHost(settings, adapter, "W0", { shape: [weight.length], values: weight });
}

function roundOnHost(
  settings: BloraSettings,
  adapter: Adapter,
  operand: Operand,
  { shape, values }: HostTensor,
): Float32Array {
  const bits = bitsOf(settings, adapter, operand);
  if (bits === undefined) return values;
  return evaluateOnHost(() => {
    const parameters = Object.entries(quantizerParameters(adapter.parameters, operand)).map(
      ([name, parameter]) => [name, ops.tensor(parameter.values, [...parameter.shape])] as const,
    );
    const isSigned = layoutOf(adapter).signed[operand]!;
    return settings.quantizer.quantizeFixed(
      Object.fromEntries(parameters),
      ops.tensor(values, [...shape]),
      isSigned,
      bits,
    );
  });
}

/** The rounded matrices as codes, where the quantizer has them. */
export function encodedMatrices(settings: BloraSettings, adapter: Adapter): Record<string, EncodedValues> {
  const encoded: Record<string, EncodedValues> = {};
  for (const matrix of ["A", "E", "B"] as const) {
    const bits = bitsOf(settings, adapter, matrix);
    if (bits === undefined) continue;
    const parameters = quantizerParameters(adapter.parameters, matrix);
    const isSigned = layoutOf(adapter).signed[matrix]!;
    const codes = settings.quantizer.encode?.(parameters, adapter.parameters[matrix]!.values, isSigned, bits);
    if (codes !== undefined) encoded[matrix] = codes;
  }
  return encoded;
}

/** Open components that E, as evaluation rounds it, does not multiply by zero. */
export function activeComponents(settings: BloraSettings, adapter: Adapter): number[] {
  const scales = roundedValues(settings, adapter, "E");
  return openComponents(settings, adapter).filter((component) => scales[component] !== 0);
}
