import type { Gate, WidthGates, WidthMode } from "@blora/spec";
import { detached, nestedShares, type Shape, type Tensor } from "@blora/tensor";
import { z } from "zod";

export const gateSchema: z.ZodType<Gate> = z.custom<Gate>(
  (value) => typeof value === "object" && value !== null && "sample" in value && "decide" in value,
  "a gate component, such as { $plugin: gate/hard-concrete }",
);

/**
 * Widths behind a chain of gates: each gate opens the next width, and counts
 * only where all before it are open (van Baalen et al. 2020, equation 6). With
 * p_i = Π_{j≤i} z_j the share of width i is p_i - p_{i+1}.
 *
 * @param levels how many widths there are, at least 2; the chain has one gate less
 */
export function nestedChain(gate: Gate, levels: number): WidthGates {
  const count = levels - 1;
  return {
    count,
    init: (units, worth) =>
      worth === undefined
        ? new Float32Array(units * count).fill(gate.initialLogit)
        : Float32Array.from(worth.flatMap((unit) => [...unit])),
    shares: (gates, mode, uniform) => nestedShares(gateValues(gate, gates, mode, uniform)),
  };
}

function gateValues(gate: Gate, logits: Tensor, mode: WidthMode, uniform: (shape: Shape) => Tensor): Tensor {
  if (mode === "decided") return gate.decide(detached(logits));
  return mode === "likely" ? gate.probabilityOn(logits) : gate.sample(logits, uniform(logits.shape));
}
