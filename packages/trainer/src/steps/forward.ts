import type { StepInputs, TracedAdapter } from "@blora/spec";
import type { Tensor } from "@blora/tensor";
import type { SiteVisitor } from "./base-linear.ts";
import { type AdaptedNetwork, batchOf, traceNetwork } from "./network.ts";
import type { Layouts } from "./step-shape.ts";

export interface ForwardResult {
  readonly logits: Tensor;
  readonly adapters: readonly TracedAdapter[];
}

/** Logits of a step's batch. */
export function forward(
  network: AdaptedNetwork,
  layouts: Layouts,
  tensors: StepInputs,
  visit?: SiteVisitor,
): ForwardResult {
  const { inputs, adapters } = traceNetwork(network, layouts, tensors, visit);
  return { logits: network.architecture.forward({ ...inputs, batch: batchOf(tensors.input) }), adapters };
}
