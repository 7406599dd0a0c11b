import type { Gate, WidthGates } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";

/**
 * Widths learned by one gate φ a unit and fixed cut points θ_1 < θ_2 < …, as
 * ordinal regression does (McCullagh 1980): width j is reached where the gate is
 * on at φ - θ_j. All cut points share one sample of noise, so none is passed
 * before those below it.
 *
 * @param spacing distance between cut points, above 0
 */
export function ordinalWidths(gate: Gate, levels: number, spacing: number): WidthGates {
  const cutPoints = Array.from({ length: levels - 1 }, (_, step) => step * spacing);
  return {
    count: 1,
    init: (units, worth) =>
      worth === undefined
        ? new Float32Array(units).fill(gate.initialLogit + cutPoints.at(-1)!)
        : Float32Array.from(worth, (steps) => mean(steps.map((value, step) => value + cutPoints[step]!))),
    shares: (gates, mode, uniform) => {
      const logits = ops.sub(gates, ops.tensor([cutPoints])); // [N, L-1]
      if (mode === "decided") return differences(gate.decide(logits));
      if (mode === "likely") return differences(gate.probabilityOn(logits));
      const noise = ops.tile(uniform(gates.shape), [1, cutPoints.length]);
      return differences(gate.sample(logits, noise));
    },
  };
}

/** Shares [N, L] from how far each width above the narrowest is reached, [N, L-1]. */
function differences(reached: Tensor): Tensor {
  const beside = (before: number, after: number, fill: number): Tensor =>
    ops.pad(
      reached,
      [
        [0, 0],
        [before, after],
      ],
      fill,
    );
  return ops.sub(beside(1, 0, 1), beside(0, 1, 0));
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0) / numbers.length;
}
