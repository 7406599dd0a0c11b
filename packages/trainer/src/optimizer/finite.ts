import { requireFinite } from "@blora/network";
import { NumericalError } from "@blora/spec";

const FIRST = "Nothing was trained yet: a weight is not finite, or too large to compute with.";
const LATER = "Nothing was updated. A smaller learningRate or maxGradNorm may help.";

/** @throws NumericalError naming the first loss or gradient that is not finite, and the update it stopped */
export function requireFiniteUpdate(
  step: number,
  losses: Readonly<Record<string, number>>,
  gradients: ReadonlyMap<string, Float32Array>,
): void {
  const advice = step === 1 ? FIRST : LATER;
  for (const [name, value] of Object.entries(losses)) {
    if (!Number.isFinite(value)) throw new NumericalError(`Step ${step}: the ${name} is ${value}. ${advice}`);
  }
  for (const [name, gradient] of gradients) {
    requireFinite(gradient, (found, index) => {
      return `Step ${step}: the gradient of ${name} is ${found} at entry ${index}. ${advice}`;
    });
  }
}
