import { checkedGate, definePlugin, type Gate, InvalidInputError, type Plugin, type Quantizer } from "@blora/spec";
import { nestedChain, ops, type Tensor } from "@blora/tensor";
import { z } from "zod";
import { gateSchema } from "./gate-schema.ts";
import { initialRanges } from "./range.ts";
import { encodeInRange, roundToMixture, roundToSteps, stepSize } from "./rounding.ts";
import { commonWidth, perVector, roundExceptFloat } from "./settled.ts";

const WIDTHS = [2, 4, 8, 16] as const;

type Width = (typeof WIDTHS)[number];

export interface BayesianBitsOptions {
  /** Gate that opens each width above the narrowest. */
  readonly gate: Gate;
  /** Width with every gate closed. Default 2. */
  readonly minBits?: Width | undefined;
  /** Widest it may become. Default 16. */
  readonly maxBits?: Width | undefined;
  /** Train the ranges α. Default true. */
  readonly learnRange?: boolean | undefined;
}

const widthSchema = z.literal(WIDTHS);
const optionsSchema = z
  .strictObject({
    gate: gateSchema,
    minBits: widthSchema.optional(),
    maxBits: widthSchema.optional(),
    learnRange: z.boolean().optional(),
  })
  .refine(({ minBits = 2, maxBits = 16 }) => minBits <= maxBits, {
    message: "expected minBits to be at most maxBits",
    path: ["minBits"],
  });

/**
 * Bayesian Bits (van Baalen et al. 2020): x rounded to `minBits` plus gated
 * residuals that double the width, x_2 + z_4(ε_4 + z_8(ε_8 + z_16 ε_16)) from 2 bits on.
 *
 * Ranges are clipped and learned as in PACT (Choi et al. 2018), and start where
 * rounding to `minBits` has the smallest squared error. 32 bits are not
 * rounded to: in float32 that step lies below the resolution of the values.
 *
 * Parameters: `logRange` [N], ln α.
 *
 * @throws InvalidInputError for an unknown width.
 */
export const bayesianBits: Plugin<"quantizer", "bayesian-bits", BayesianBitsOptions, Quantizer> = definePlugin({
  kind: "quantizer",
  id: "bayesian-bits",
  packageName: "@blora/quantizers",
  optionsSchema,
  create: ({ gate, minBits = 2, maxBits = 16, learnRange = true }) => {
    const bitWidths = WIDTHS.filter((width) => minBits <= width && width <= maxBits);
    const settled = (logRange: Tensor, x: Tensor, widths: readonly number[], signed: boolean): Tensor =>
      roundToSteps(x, logRange, perVector(widths.map((bits) => stepOf(bits, signed))), signed, commonWidth(widths));
    return {
      bitWidths,
      ...(bitWidths.length > 1 && { gates: nestedChain(checkedGate(gate), bitWidths.length) }),
      init: (tensor) => ({ logRange: initialRanges(tensor, minBits, learnRange ? "ranges" : "frozen") }),
      round: ({ logRange }, x, signed, widths) => {
        if (!("shares" in widths)) {
          return roundExceptFloat(x, widths, (rounded) => settled(logRange!, x, rounded, signed));
        }
        if (bitWidths.length === 1) return settled(logRange!, x, bitWidths, signed);
        if (widths.oneHot !== true) return roundToMixture(x, logRange!, widths.shares, bitWidths, signed);
        const steps = bitWidths.map((bits) => stepSize(bits, signed));
        const step = ops.matMul(widths.shares, ops.tensor(steps, [steps.length, 1]));
        return roundToSteps(x, logRange!, step, signed);
      },
      encode: ({ logRange }, tensor, widths) => encodeInRange(tensor, logRange!.values, widths),
    };
  },
});

function stepOf(bits: number, signed: boolean): number {
  if (Number.isInteger(bits) && bits >= 2 && bits <= 16) return stepSize(bits, signed);
  throw new InvalidInputError(`bayesianBits: a vector has 2 to 16 bits, or 32, not ${bits}.`);
}
