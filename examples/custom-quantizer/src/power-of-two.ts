import { definePlugin, FLOAT_BITS, type Plugin, type Quantizer } from "@blora/spec";
import { ops } from "@blora/tensor";
import { z } from "zod";
import { largestMagnitudes, roundToPowers } from "./round-to-powers.ts";

/** Rounds to powers of two of one width, at most `bits` bits. */
export const powerOfTwo: Plugin<"quantizer", "power-of-two", { bits: number }, Quantizer> = definePlugin({
  kind: "quantizer",
  id: "power-of-two",
  packageName: "@blora/example-custom-quantizer",
  optionsSchema: z.strictObject({ bits: z.int().min(2).max(8) }),
  create: ({ bits }): Quantizer => ({
    bitWidths: [bits],
    init: (tensor) => ({ logRange: largestMagnitudes(tensor) }),
    round: ({ logRange }, x, signed, widths) => {
      const rounded = roundToPowers(x, logRange!, bits, signed);
      // There is one width: its share is 1, and what does not have it stays in floating point.
      if ("shares" in widths || !widths.includes(FLOAT_BITS)) return rounded;
      const isFloat = widths.map((width) => width === FLOAT_BITS);
      return ops.where(ops.tensor(isFloat, [isFloat.length, 1], "bool"), x, rounded);
    },
  }),
});
