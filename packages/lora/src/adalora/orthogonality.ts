import type { TracedAdapter } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";

/** Inside the root, so that its gradient at an orthogonal matrix is 0 and not 0/0. */
const ROOT_FLOOR = 1e-12;

/**
 * Mean of ‖A·Aᵀ - I‖ and ‖Bᵀ·B - I‖ (Frobenius, not squared, as AdaLoRA's
 * code has it) over all matrices. One stack, so that the products alone are
 * paid per matrix.
 */
export function orthogonalityPenalty(adapters: readonly TracedAdapter[]): Tensor {
  const grams = adapters.flatMap(({ parameters }) => [
    ops.matMul(parameters.A!, parameters.A!, false, true), // [R, R]
    ops.matMul(parameters.B!, parameters.B!, true, false), // [R, R]
  ]);
  const rank = grams[0]!.shape[0]!;
  const identity = Float32Array.from({ length: rank * rank }, (_, index) => (index % (rank + 1) === 0 ? 1 : 0));
  const deviation = ops.sub(ops.stack(grams), ops.tensor(identity, [rank, rank])); // [2S, R, R]
  const rows = ops.reshape(deviation, [grams.length, rank * rank]);
  return ops.mean(ops.sqrt(ops.add(ops.sum(ops.square(rows), 1), ROOT_FLOOR)));
}
