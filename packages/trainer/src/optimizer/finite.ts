import { NumericalError } from "@blora/spec";

const FIRST = "Nothing was trained yet: a weight is not finite, or too large to compute with.";
const LATER = "Nothing was updated. A smaller learningRate or maxGradNorm may help.";

/**
 * @throws NumericalError naming the first loss that is not finite, or else the first gradient; the first bad gradient
 *   in both cases, and the update that was stopped
 */
export function requireFiniteUpdate(
  step: number,
  losses: Readonly<Record<string, number>>,
  gradients: ReadonlyMap<string, Float32Array>,
): void {
  const loss = Object.entries(losses).find(([, value]) => !Number.isFinite(value));
  const gradient = firstNotFinite(gradients);
  const faults = [...(loss ? [`the ${loss[0]} is ${loss[1]}`] : []), ...(gradient ? [gradient] : [])];
  if (faults.length > 0)
    throw new NumericalError(`Step ${step}: ${faults.join(", and ")}. ${step === 1 ? FIRST : LATER}`);
}

function firstNotFinite(gradients: ReadonlyMap<string, Float32Array>): string | undefined {
  for (const [name, gradient] of gradients) {
    const index = gradient.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) return `the gradient of ${name} is ${gradient[index]} at entry ${index}`;
  }
  return undefined;
}
