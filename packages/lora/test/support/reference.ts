import type { LinearSite, LowRankUpdate } from "@blora/spec";
import { normalValues, transposed } from "@blora/tensor";

/** Fixed pseudo-random values by name. */
export function sample(path: string, size: number, deviation = 1): Float32Array {
  return normalValues({ seed: 99, step: 0, path }, size, deviation);
}

export function siteOf(path: string, inFeatures: number, outFeatures: number): LinearSite {
  return { path, role: "query", inFeatures, outFeatures };
}

/** x·Wᵀ in float64, x [M, I] and W [O, I] row-major. */
export function product(x: ArrayLike<number>, weight: ArrayLike<number>, inFeatures: number): number[] {
  const rows = x.length / inFeatures;
  const outFeatures = weight.length / inFeatures;
  return Array.from({ length: rows * outFeatures }, (_, index) => {
    const row = Math.floor(index / outFeatures);
    const output = index % outFeatures;
    let total = 0;
    for (let input = 0; input < inFeatures; input++) {
      total += x[row * inFeatures + input]! * weight[output * inFeatures + input]!;
    }
    return total;
  });
}

/** W0 + B·A in float64, row-major [O, I]. */
export function mergedWeight(W0: Float32Array, { rank, A, B }: LowRankUpdate): Float32Array {
  const change = product(B, transposed(A, A.length / rank), rank);
  return W0.map((value, index) => value + change[index]!);
}
