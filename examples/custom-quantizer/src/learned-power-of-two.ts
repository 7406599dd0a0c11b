import { definePlugin, FLOAT_BITS, type Gate, type Plugin, type Quantizer } from "@blora/spec";
import { ops } from "@blora/tensor";
import { z } from "zod";
import { ordinalWidths } from "./ordinal-widths.ts";
import { largestMagnitudes, roundToPowers } from "./round-to-powers.ts";

export interface LearnedPowerOfTwoOptions {
  /** Widths to choose from, ascending; 0 closes a vector. */
  readonly bits: readonly number[];
  readonly gate: Gate;
  /** How far a gate rises from one width to the next. Default 1. */
  readonly spacing?: number | undefined;
}

const optionsSchema = z.strictObject({
  bits: z.array(z.int().min(0)).min(2).readonly(),
  gate: z.custom<Gate>((value) => typeof value === "object" && value !== null && "decide" in value, "a gate"),
  spacing: z.number().positive().optional(),
});

/** Rounds to powers of two of a width that is learned, with one gate a unit. */
export const learnedPowerOfTwo: Plugin<"quantizer", "learned-power-of-two", LearnedPowerOfTwoOptions, Quantizer> =
  definePlugin({
    kind: "quantizer",
    id: "learned-power-of-two",
    packageName: "@blora/example-custom-quantizer",
    optionsSchema,
    create: ({ bits, gate, spacing = 1 }): Quantizer => {
      return {
        bitWidths: bits,
        gates: ordinalWidths(gate, bits.length, spacing),
        init: (tensor) => ({ logRange: largestMagnitudes(tensor) }),
        round: ({ logRange }, x, signed, widths) => {
          // Settled widths are shares too: of 1 for the width of a vector, among those in use.
          const levels = "shares" in widths ? bits : [...new Set(widths)];
          const shares =
            "shares" in widths
              ? widths.shares
              : ops.tensor(widths.map((own) => levels.map((width) => Number(width === own))));
          const parts = levels.map((width, level) => {
            if (width === 0) return ops.zerosLike(x);
            const rounded = width === FLOAT_BITS ? x : roundToPowers(x, logRange!, width, signed);
            return ops.mul(ops.slice(shares, [0, level], [-1, 1]), rounded);
          });
          return ops.addN(parts);
        },
      };
    },
  });
