import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

/**
 * x, to be used once `others` are there: an engine that compiles is free in the order of what is independent, and may
 * hold the parts of a sum all at a time. Others that nothing needs are not computed for this. Without a gradient of its
 * own: for use inside `withGradient`.
 */
export function after(x: Tensor, others: readonly Tensor[]): Tensor {
  const inputs = { x, ...Object.fromEntries(others.entries()) };
  const [value] = fusedKernel("After", inputs, {}, () => [x]);
  return value!;
}
