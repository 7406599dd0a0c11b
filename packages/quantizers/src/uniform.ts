import { checkedGate, definePlugin, FLOAT_BITS, type Gate, type Plugin, type Quantizer } from "@blora/spec";
import { nestedChain } from "@blora/tensor";
import { z } from "zod";
import { gateSchema } from "./gate-schema.ts";
import { absmax, type Grid, midRise } from "./grid.ts";
import { encodeOnGrid, roundMixture, roundOneHot, roundSettled } from "./round-on-grid.ts";
import { roundExceptFloat } from "./settled.ts";

type GridName = "mid-rise" | "absmax";

const GRIDS: Readonly<Record<GridName, Grid>> = { "mid-rise": midRise, absmax };

export interface UniformOptions {
  /** One width, or those to choose from, ascending: 0 for zeros, 2 to 16, or 32 alone for no rounding. */
  readonly bits: number | readonly number[];
  /** Opens each width after the narrowest, where widths are to be learned. */
  readonly gate?: Gate | undefined;
  /**
   * `mid-rise`: 2^b levels around zero, thresholds at the Gaussian optimum of the
   * root mean square, and a gain that keeps the vector's length along itself.
   * `absmax`: 2^b - 1 levels with zero, up to the largest magnitude. Default `mid-rise`.
   */
  readonly grid?: GridName | undefined;
}

const isWidth = (bits: unknown): boolean =>
  Number.isInteger(bits) && (bits === 0 || ((bits as number) >= 2 && (bits as number) <= 16));

/** One width or several in ascending order, one of them above 0; 32 alone. */
function isChoice(bits: unknown): boolean {
  const widths = Array.isArray(bits) ? bits : [bits];
  if (widths.length === 1 && widths[0] === FLOAT_BITS) return true;
  const ascends = widths.every((width, index) => isWidth(width) && (index === 0 || width > widths[index - 1]));
  return ascends && widths.some((width) => width > 0);
}

const optionsSchema = z
  .strictObject({
    bits: z.custom<UniformOptions["bits"]>(
      isChoice,
      "must be 2 to 16, several of these in ascending order after a 0 or without it, or 32 alone",
    ),
    gate: gateSchema.optional(),
    grid: z.enum(["mid-rise", "absmax"]).optional(),
  })
  .refine(({ bits, gate }) => gate === undefined || widthsOf(bits).length > 1, {
    message: "a gate chooses among widths, and these are a single one",
    path: ["bits"],
  });

/**
 * Rounding to evenly spaced levels with a scale computed from each vector: it
 * has no parameters, and nothing is ever out of range. The gradient is
 * straight-through everywhere, clipped values included; scales carry none.
 *
 * @throws InvalidInputError for widths other than 0, 2 to 16, or 32 alone, or for a gate without two of them.
 */
export const uniform: Plugin<"quantizer", "uniform", UniformOptions, Quantizer> = definePlugin({
  kind: "quantizer",
  id: "uniform",
  packageName: "@blora/quantizers",
  optionsSchema,
  create: ({ bits, gate, grid: name = "mid-rise" }) => {
    const bitWidths = widthsOf(bits);
    const grid = GRIDS[name];
    return {
      bitWidths,
      ...(gate !== undefined && { gates: nestedChain(checkedGate(gate), bitWidths.length) }),
      init: () => ({}),
      round: (_, x, signed, widths) => {
        if (!("shares" in widths)) {
          return roundExceptFloat(x, widths, (rounded) => roundSettled(grid, x, rounded, signed));
        }
        if (bitWidths[0] === FLOAT_BITS) return x;
        return widths.oneHot === true || bitWidths.length === 1
          ? roundOneHot(grid, x, widths.shares, bitWidths, signed)
          : roundMixture(grid, x, widths.shares, bitWidths, signed);
      },
      encode: (_, tensor, widths) => encodeOnGrid(grid, tensor, widths),
    };
  },
});

function widthsOf(bits: number | readonly number[]): readonly number[] {
  return typeof bits === "number" ? [bits] : bits;
}
