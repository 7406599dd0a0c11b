import type { Tensor } from "@blora/tensor";
import type { Gate } from "./gate.ts";
import { requireLike } from "./require-like.ts";

/** A gate that is held to answering entry by entry: its members throw a PluginError for anything else. */
export function checkedGate(gate: Gate): Gate {
  const like = (logits: Tensor, answer: Tensor, member: keyof Gate): Tensor =>
    requireLike(answer, logits, `${member} of a gate`, "testGate");
  return {
    initialLogit: gate.initialLogit,
    sample: (logits, uniform) => like(logits, gate.sample(logits, uniform), "sample"),
    probabilityOn: (logits) => like(logits, gate.probabilityOn(logits), "probabilityOn"),
    decide: (logits) => like(logits, gate.decide(logits), "decide"),
  };
}
