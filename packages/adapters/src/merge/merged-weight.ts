import type { LowRankUpdate } from "@blora/spec";

/**
 * W0 + B·A, row-major [O, I]: a plain linear map that computes what the
 * adapted one does. The inverse of training on a frozen weight, so an
 * undefined update gives a copy of W0. Sums in float64.
 *
 * @param weight W0 [O, I]
 */
export function mergedWeight(weight: Float32Array, update: LowRankUpdate | undefined): Float32Array {
  if (update === undefined) return Float32Array.from(weight);
  const { rank, A, B } = update;
  const inFeatures = A.length / rank;
  const merged = new Float32Array(weight.length);
  const row = new Float64Array(inFeatures);
  for (let output = 0; output * inFeatures < weight.length; output++) {
    const start = output * inFeatures;
    row.set(weight.subarray(start, start + inFeatures));
    for (let component = 0; component < rank; component++) {
      const b = B[output * rank + component]!;
      const offset = component * inFeatures;
      for (let input = 0; input < inFeatures; input++) row[input]! += b * A[offset + input]!;
    }
    merged.set(row, start);
  }
  return merged;
}
