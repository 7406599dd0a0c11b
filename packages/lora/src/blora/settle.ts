import { type AdapterStore, FLOAT_BITS, type ParameterRecord } from "@blora/spec";
import { BUDGET } from "./budget-state.ts";
import {
  activationsOf,
  bitsOf,
  layoutOf,
  type Operand,
  quantizerParameter,
  quantizerParameters,
  RANK_GATES,
  toJson,
  weightsOf,
} from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { openComponents } from "./rank-gates.ts";
import { selectComponents } from "./select-components.ts";

/** Removes closed components for good, fixes the widths, and drops every gate. */
export function settle(settings: BloraSettings, store: AdapterStore, path: string): void {
  const adapter = store.get(path);
  const before = layoutOf(adapter);
  const open = openComponents(settings, adapter);
  const dropped = [RANK_GATES, BUDGET];
  const signed: Partial<Record<Operand, boolean>> = {};
  const bits: Partial<Record<Operand, number>> = {};
  for (const operand of [...weightsOf(settings), ...activationsOf(settings)]) {
    const width = bitsOf(settings, adapter, operand)!;
    const names = settledParameters(quantizerParameters(adapter.parameters, operand), width);
    dropped.push(...names.map((name) => quantizerParameter(operand, name)));
    if (width === FLOAT_BITS) continue;
    signed[operand] = before.signed[operand]!;
    bits[operand] = width;
  }
  if (open.length < before.rank) selectComponents(store, path, open);
  store.update(path, {
    layout: toJson({ phase: "settle", rank: open.length, signed, bits }),
    parameters: Object.fromEntries(dropped.map((name) => [name, undefined])),
  });
}

/** Names of the quantizer parameters that a fixed width no longer needs: its gates, and in floating point all. */
function settledParameters(parameters: ParameterRecord, width: number): string[] {
  return Object.entries(parameters)
    .filter(([, { group }]) => width === FLOAT_BITS || group === "gates")
    .map(([name]) => name);
}
