import type { Adapter, AdapterStore, Parameter } from "@blora/spec";
import { selectComponents } from "./select-components.ts";
import { singularComponents } from "./singular-components.ts";

/**
 * Puts components in the order in which they matter, the product unchanged:
 * nested gates close from the end, and the first component has no gate at all.
 */
export function orderComponents(store: AdapterStore, path: string): void {
  const { A, E, B } = store.get(path).parameters as { A: Parameter; E: Parameter; B: Parameter };
  const singular = singularComponents({ A: A.values, E: E.values, B: B.values });
  if (singular === undefined) {
    sortComponents(store, path);
    return;
  }
  store.update(path, {
    parameters: {
      A: { ...A, values: singular.A },
      E: { ...E, values: singular.E },
      B: { ...B, values: singular.B },
    },
  });
}

/** Largest |e_i|·‖a_i‖·‖b_i‖ first. */
function sortComponents(store: AdapterStore, path: string): void {
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
