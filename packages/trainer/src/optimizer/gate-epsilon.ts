import { ofGroups, type TrainingState } from "../state/training-state.ts";

/** Share of a gate's mean part in a penalty of 1 below which its gradient hardly moves it. */
const NEGLIGIBLE_SHARE = 5e-3;

/**
 * Epsilon of AdamW's update of gates: 5e-3 / G, of G logits.
 *
 * A gate that is all but open is sampled open, so for many steps its gradient
 * is the penalty's alone, and tiny. AdamW divides a gradient by its own size,
 * so with a small epsilon it carries such a gate down at the full rate until
 * samples close it: hundreds of gates come to rest where they disturb training
 * most, however weak the penalty is.
 */
export function automaticGateEpsilon(state: TrainingState): number {
  let gates = 0;
  for (const { parameter } of ofGroups(state, ["gates"]).values()) gates += parameter.values.length;
  return NEGLIGIBLE_SHARE / Math.max(1, gates);
}
