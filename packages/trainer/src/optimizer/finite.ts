import { requireFinite } from "@blora/network";
import { NumericalError } from "@blora/spec";

/** @throws NumericalError naming the first loss or gradient that is not finite, and the update it stopped */
export function requireFiniteUpdate(
  step: number,
  losses: Readonly<Record<string, number>>,
  gradients: ReadonlyMap<string, Float32Array>,
): void {
  for (const [name, value] of Object.entries(losses)) {
    if (!Number.isFinite(value)) throw new NumericalError(`Step ${step}: the ${name} is ${value}. ${ADVICE}`);
  }
  for (const [name, gradient] of gradients) {
    requireFinite(gradient, (found, index) => {
      return `Step ${step}: the gradient of ${name} is ${found} at entry ${index}. ${ADVICE}`;
    });
  }
}

const ADVICE = "Nothing was updated. A smaller learningRate or maxGradNorm may help.";
