import { type JsonObject, type Quantizer, toJson } from "@blora/spec";
import { ownScale, scaleOf } from "../low-rank.ts";
import type { BloraSettings } from "./options.ts";

/** `rounded`: settled, and its matrices hold their rounded values already, as a packed adapter does. */
export type Phase = "warmup" | "gates" | "settle" | "rounded";

/** A trained or frozen matrix that can be quantized. */
export type WeightOperand = "A" | "B" | "W0";

/** An activation that can be quantized: the input of the site, and x·Aᵀ. */
export type ActivationOperand = "input" | "afterA";

export type Operand = WeightOperand | ActivationOperand;

/** What the graph of a site depends on. */
export interface BloraLayout {
  readonly phase: Phase;
  /** R, components that exist. */
  readonly rank: number;
  /** s in y = W0·x + s·B·A·x. */
  readonly scale: number;
  /** Settled widths: of A and B one for each component, of the others one. */
  readonly bits: Readonly<Partial<Record<Operand, readonly number[]>>>;
  /** Activations without negative values. */
  readonly unsigned: readonly ActivationOperand[];
  /** Offset of the codes that `rounded` matrices were decoded from. */
  readonly offset?: 0 | 0.5;
}

export function layoutOf({ layout }: { readonly layout: JsonObject }): BloraLayout {
  return layout as unknown as BloraLayout;
}

export function storedLayout(layout: BloraLayout): JsonObject {
  return toJson(layout) as JsonObject;
}

export function scaleIn({ alpha, rank }: BloraSettings, { layout }: { readonly layout: JsonObject }): number {
  return ownScale(layout, scaleOf(alpha, rank));
}

/** Activations in scope. */
export function activationsOf({ scope }: BloraSettings): readonly ActivationOperand[] {
  return scope === "adapter" ? [] : ["input", "afterA"];
}

/** W0 and activations in scope: whole tensors that `siteQuantizer` rounds. */
export function largeOperandsOf(settings: BloraSettings): readonly Exclude<Operand, "A" | "B">[] {
  return settings.scope === "site" ? ["W0", ...activationsOf(settings)] : activationsOf(settings);
}

export function quantizerOf({ quantizer, siteQuantizer }: BloraSettings, operand: Operand): Quantizer {
  return operand === "A" || operand === "B" ? quantizer : siteQuantizer!;
}

/** Units of a site that choose among the same levels: widths, or at `rank` how many components are open. */
export interface Chain {
  readonly name: "components" | "rank" | Operand;
  /** What its level is the width of; none where it is a rank. */
  readonly operands: readonly Operand[];
  /** Units in a site. */
  readonly units: number;
  /** L levels, ascending. */
  readonly levels: readonly number[];
}

/** Every choice a site has. */
export function chainsOf(settings: BloraSettings): readonly Chain[] {
  const { granularity, rank, rankGate, quantizer } = settings;
  const chain = (name: Chain["name"], operands: readonly Operand[], units: number, levels: readonly number[]) => ({
    name,
    operands,
    units,
    levels,
  });
  const matrices =
    granularity === "component"
      ? [chain("components", ["A", "B"], rank, quantizer.bitWidths)]
      : [chain("A", ["A"], 1, quantizer.bitWidths), chain("B", ["B"], 1, quantizer.bitWidths)];
  const ranks = Array.from({ length: rank }, (_, index) => index + 1);
  return [
    ...matrices,
    ...(granularity === "matrix" && rankGate !== undefined && rank > 1 ? [chain("rank", [], 1, ranks)] : []),
    ...largeOperandsOf(settings).map((operand) =>
      chain(operand, [operand], 1, quantizerOf(settings, operand).bitWidths),
    ),
  ];
}

/** Name of a chain's gates among the parameters of a site, [N, G]. */
export function gatesName({ name }: Pick<Chain, "name">): string {
  return `${name}.gates`;
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
  const own = Object.entries(parameters).filter(([name]) => name.startsWith(prefix) && name !== `${prefix}gates`);
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}
