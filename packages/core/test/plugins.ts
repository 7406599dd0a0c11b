import {
  type Component,
  definePlugin,
  type Gate,
  type NoOptions,
  noOptions,
  type Plugin,
  type Quantizer,
} from "@blora/spec";
import { z } from "zod";

/** Plugins whose components remember their options and compute nothing: lookup is what is tested. */

interface SoftOptions {
  readonly temperature?: number | undefined;
}

interface SoftGate extends Gate {
  readonly temperature: number;
}

export const soft: Plugin<"gate", "soft", SoftOptions | undefined, SoftGate> = definePlugin({
  kind: "gate",
  id: "soft",
  packageName: "@blora/soft",
  optionsSchema: z.strictObject({ temperature: z.number().optional() }).optional(),
  create: ({ temperature = 0.5 }: SoftOptions = {}): SoftGate => ({ ...idleGate, temperature }),
});

export const stiff: Plugin<"gate", "stiff", NoOptions, Gate> = definePlugin({
  kind: "gate",
  id: "stiff",
  optionsSchema: noOptions,
  create: (): Gate => ({ ...idleGate }),
});

interface GatedOptions {
  readonly bits: number;
  readonly gates?: readonly Component<"gate">[] | undefined;
}

interface GatedQuantizer extends Quantizer {
  readonly options: GatedOptions;
}

export const gated: Plugin<"quantizer", "gated", GatedOptions, GatedQuantizer> = definePlugin({
  kind: "quantizer",
  id: "gated",
  packageName: "@acme/blora-quantizer-gated",
  optionsSchema: z.strictObject({
    bits: z.number().int().min(2).default(8),
    gates: z
      .array(z.custom<Component<"gate">>((value) => isGate(value), "must be a gate"))
      .readonly()
      .optional(),
  }),
  create: (options: GatedOptions): GatedQuantizer => ({ ...idleQuantizer, options, bitWidths: [options.bits] }),
});

function isGate(value: unknown): boolean {
  return typeof value === "object" && value !== null && "probabilityOn" in value;
}

const idleGate: Gate = {
  initialLogit: 0,
  sample: (logits) => logits,
  probabilityOn: (logits) => logits,
  decide: (logits) => logits,
};

const idleQuantizer: Quantizer = {
  bitWidths: [],
  init: () => ({}),
  round: (_parameters, x) => x,
};
