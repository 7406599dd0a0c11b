import { definePlugin, FLOAT_BITS, InvalidInputError, type Plugin, type Quantizer } from "@blora/spec";
import { ops } from "@blora/tensor";
import { z } from "zod";
import { initialRange, widenRange } from "./range.ts";
import { encodeToBits, roundToBits } from "./rounding.ts";

export interface UniformOptions {
  /** Bit width, 2 to 16, or 32 for no quantization. */
  readonly bits: number;
  /** Train the range α. Default true. */
  readonly learnRange?: boolean | undefined;
}

const isWidth = (bits: number): boolean => Number.isInteger(bits) && ((bits >= 2 && bits <= 16) || bits === FLOAT_BITS);

const optionsSchema = z.strictObject({
  bits: z.number().refine(isWidth, "a bit width from 2 to 16, or 32"),
  learnRange: z.boolean().optional(),
});

/**
 * Uniform rounding to a width that never changes, with the clipping range of
 * PACT (Choi et al. 2018): the baseline learned widths are compared with.
 *
 * Parameters: `logRange` [], ln α.
 *
 * @throws InvalidInputError for a width other than 2 to 16 or 32.
 */
export const uniform: Plugin<"quantizer", "uniform", UniformOptions, Quantizer> = definePlugin({
  kind: "quantizer",
  id: "uniform",
  packageName: "@blora/quantizers",
  optionsSchema,
  create: ({ bits, learnRange = true }: UniformOptions): Quantizer => {
    if (!isWidth(bits)) throw new InvalidInputError(`uniform: bits must be 2 to 16, or 32, not ${bits}.`);
    const quantizer: Quantizer = {
      bitWidths: [bits],
      init: (tensor) => ({ logRange: initialRange(tensor, learnRange) }),
      quantize: (parameters, x, signed) => quantizer.quantizeFixed(parameters, x, signed, bits),
      quantizeFixed: (parameters, x, signed, width) =>
        width === FLOAT_BITS ? x : roundToBits(x, parameters.logRange!, width, signed),
      widen: ({ logRange }, tensor) => widenRange(logRange!, tensor),
      expectedBits: () => ops.scalar(bits),
      bits: () => bits,
      encode: (parameters, values, signed, width) =>
        width === FLOAT_BITS ? undefined : encodeToBits(values, parameters.logRange!.values[0]!, width, signed),
    };
    return quantizer;
  },
});
