import type { Adapter, AdapterStore, Parameter } from "@blora/spec";
import { selectComponents } from "./select-components.ts";

/** Largest |e_i|·‖a_i‖·‖b_i‖ first: nested gates close from the end, and the first component has no gate at all. */
export function orderComponents(store: AdapterStore, path: string): void {
  const magnitudes = componentMagnitudes(store.get(path));
  const order = [...magnitudes.keys()].sort((a, b) => magnitudes[b]! - magnitudes[a]!);
  if (order.some((component, position) => component !== position)) selectComponents(store, path, order);
}

/** |e_i|·‖a_i‖·‖b_i‖ of every component, the Frobenius norm of its part of ΔW, [R]. */
function componentMagnitudes({ parameters }: Adapter): number[] {
  const { A, E, B } = parameters as { A: Parameter; E: Parameter; B: Parameter };
  const rank = E.values.length;
  const inFeatures = A.values.length / rank;
  const squaresA = new Float64Array(rank);
  const squaresB = new Float64Array(rank);
  for (const [index, a] of A.values.entries()) squaresA[Math.floor(index / inFeatures)]! += a * a;
  for (const [index, b] of B.values.entries()) squaresB[index % rank]! += b * b;
  return Array.from(E.values, (e, component) => Math.abs(e) * Math.sqrt(squaresA[component]! * squaresB[component]!));
}
