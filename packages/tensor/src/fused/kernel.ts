import { engine, getBackend, getKernel, type NamedAttrMap } from "@tensorflow/tfjs-core";
import type { Tensor } from "../types.ts";

/**
 * Runs one fused kernel where the current backend registers it, and the same
 * maths from plain ops where it does not. The two agree to float32 rounding.
 */
export function fusedKernel(
  name: string,
  inputs: Readonly<Record<string, Tensor>>,
  attributes: NamedAttrMap,
  plain: () => readonly Tensor[],
): readonly Tensor[] {
  if (!hasKernel(name)) return plain();
  const outputs = engine().runKernel(name, { ...inputs }, attributes);
  return Array.isArray(outputs) ? outputs : [outputs];
}

/** Whether the current backend registers a fused kernel. */
export function hasKernel(name: string): boolean {
  return getKernel(name, getBackend()) !== undefined;
}
