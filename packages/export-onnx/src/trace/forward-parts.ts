import { adaptedLinear } from "@blora/inference";
import type { Linear, ParameterLookup, StepInputs } from "@blora/spec";
import { factorNames, type Weight } from "../weights.ts";

/** What `Architecture.forward` needs from the tensors of a step whose weights are all frozen. */
export type ForwardParts = (tensors: StepInputs) => { readonly lookup: ParameterLookup; readonly linear: Linear };

export function forwardParts(weights: ReadonlyMap<string, Weight>, branches: Iterable<string>): ForwardParts {
  const paths = [...branches];
  return ({ frozen }) => {
    const updates = paths.map((path) => {
      const { A, B } = factorNames(path);
      return [path, { A: frozen(A), B: frozen(B) }] as const;
    });
    const find = (name: string) => (weights.has(name) ? frozen(name) : undefined);
    return { lookup: frozen, linear: adaptedLinear(find, new Map(updates)) };
  };
}
