import { detached, nestedShares, type Tensor } from "@blora/tensor";
import { InvalidInputError } from "./errors.ts";
import type { Gate } from "./gate.ts";
import type { WidthGates } from "./quantizer.ts";
import { requireLike } from "./require-like.ts";

/**
 * Levels behind a chain of gates: each gate opens the next level, and counts
 * only where all before it are open (van Baalen et al. 2020, equation 6). With
 * p_i = Π_{j≤i} z_j the share of level i is p_i - p_{i+1}.
 *
 * @param levels how many levels there are, at least 1; the chain has one gate less
 * @throws from `shares`: InvalidInputError for logits of another number of gates, PluginError for a gate that does not
 *   answer entry by entry
 */
export function nestedChain(gate: Gate, levels: number): WidthGates {
  const count = levels - 1;
  return {
    count,
    init: (units, worth) =>
      worth === undefined
        ? new Float32Array(units * count).fill(gate.initialLogit)
        : Float32Array.from(worth.flatMap((unit) => [...unit])),
    shares: (logits, mode, uniform) => {
      const [gates] = logits.shape.slice(-1);
      if (gates !== count) throw new InvalidInputError(`Expected ${count} gates for ${levels} levels, found ${gates}.`);
      const answered = (member: keyof Gate, z: Tensor): Tensor =>
        nestedShares(requireLike(z, logits, `${member} of a gate`, "testGate"));
      if (mode === "decided") return answered("decide", gate.decide(detached(logits)));
      if (mode === "likely") return answered("probabilityOn", gate.probabilityOn(logits));
      return answered("sample", gate.sample(logits, uniform(logits.shape)));
    },
  };
}
