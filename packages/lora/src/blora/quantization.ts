import type { Adapter, Context, TracedAdapter } from "@blora/spec";
import { evaluateOnHost, ops, type Tensor } from "@blora/tensor";
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
  const { shape, values } = adapter.parameters[matrix]!;
  const bits = bitsOf(settings, adapter, matrix);
  if (bits === undefined) return values;
  return evaluateOnHost(() => {
    const parameters = Object.entries(quantizerParameters(adapter.parameters, matrix)).map(
      ([name, parameter]) => [name, ops.tensor(parameter.values, [...parameter.shape])] as const,
    );
    const isSigned = layoutOf(adapter).signed[matrix]!;
    return settings.quantizer.quantizeFixed(
      Object.fromEntries(parameters),
      ops.tensor(values, [...shape]),
      isSigned,
      bits,
    );
  });
}

/** Open components that E, as evaluation rounds it, does not multiply by zero. */
export function activeComponents(settings: BloraSettings, adapter: Adapter): number[] {
  const scales = roundedValues(settings, adapter, "E");
  return openComponents(settings, adapter).filter((component) => scales[component] !== 0);
}
