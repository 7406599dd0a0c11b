import type { LowRankUpdate } from "@blora/spec";

/** An update in factors: ΔW = B·diag(scales)·A over the kept components. */
export interface FactoredUpdate {
  /** [R, I] */
  readonly A: Float32Array;
  /** [O, R] */
  readonly B: Float32Array;
  /** [R], everything between and before the factors */
  readonly scales: ArrayLike<number>;
  /** Components that remain, ascending. */
  readonly kept: readonly number[];
}

/** Folds the scales into B and drops the other components, so the result is plain LoRA. Undefined where none is kept. */
export function foldUpdate({ A, B, scales, kept }: FactoredUpdate): LowRankUpdate | undefined {
  const rank = kept.length;
  if (rank === 0) return undefined;
  const startRank = scales.length;
  const inFeatures = A.length / startRank;
  const outFeatures = B.length / startRank;
  const foldedA = new Float32Array(rank * inFeatures);
  const foldedB = new Float32Array(outFeatures * rank);
  for (const [row, component] of kept.entries()) {
    foldedA.set(A.subarray(component * inFeatures, (component + 1) * inFeatures), row * inFeatures);
    for (let output = 0; output < outFeatures; output++) {
      foldedB[output * rank + row] = B[output * startRank + component]! * scales[component]!;
    }
  }
  return { rank, A: foldedA, B: foldedB };
}
