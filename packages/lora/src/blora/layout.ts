import type { Adapter, JsonObject } from "@blora/spec";
import type { BloraSettings } from "./options.ts";

export type Phase = "warmup" | "gates" | "settle";

/** A trained or frozen matrix that can be quantized. */
export type WeightOperand = "A" | "E" | "B" | "W0";

/** An activation that can be quantized: the input of the site, x·Aᵀ, and x·Aᵀ ⊙ E. */
export type ActivationOperand = "input" | "afterA" | "afterE";

export type Operand = WeightOperand | ActivationOperand;

/** Rank gates φ_2 … φ_R, [R-1], during the gates phase. */
export const RANK_GATES = "phi_rank";

/** Gates g [1, R] as one pass has drawn them. No parameter: `drawGates` adds them for `apply`. */
export const COMPONENT_GATES = "g_rank";

/** What the graph of a site depends on. */
export interface BloraLayout {
  readonly phase: Phase;
  /** Components that exist. */
  readonly rank: number;
  /** Quantized operands and whether negative values occur in them; empty in the warm-up. */
  readonly signed: Readonly<Partial<Record<Operand, boolean>>>;
  /** Bit widths once they are fixed, in the settle phase. */
  readonly bits: Readonly<Partial<Record<Operand, number>>>;
}

export function layoutOf({ layout }: { readonly layout: JsonObject }): BloraLayout {
  return layout as unknown as BloraLayout;
}

export function toJson(layout: BloraLayout): JsonObject {
  return { ...layout, signed: { ...layout.signed }, bits: { ...layout.bits } };
}

/** Activations in scope. */
export function activationsOf({ scope, learnBits }: BloraSettings): readonly ActivationOperand[] {
  return learnBits && scope !== "adapter" ? ["input", "afterA", "afterE"] : [];
}

/** Matrices in scope. */
export function weightsOf({ scope, learnBits }: BloraSettings): readonly WeightOperand[] {
  if (!learnBits) return [];
  return scope === "site" ? ["A", "E", "B", "W0"] : ["A", "E", "B"];
}

/** Name of a quantizer's parameter among those of the site. */
export function quantizerParameter(operand: Operand, name: string): string {
  return `${operand}.${name}`;
}

/** The parameters of one operand's quantizer under the names the quantizer gave them. */
export function quantizerParameters<Value>(
  parameters: Readonly<Record<string, Value>>,
  operand: Operand,
): Record<string, Value> {
  const prefix = quantizerParameter(operand, "");
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/** The bit width evaluation uses for an operand, on the host; undefined where it is in floating point. */
export function bitsOf(settings: BloraSettings, adapter: Adapter, operand: Operand): number | undefined {
  const layout = layoutOf(adapter);
  if (layout.signed[operand] === undefined) return undefined;
  return layout.bits[operand] ?? settings.quantizer.bits(quantizerParameters(adapter.parameters, operand));
}
