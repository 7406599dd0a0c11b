import type { BaseLinear, Context, JsonObject, LinearSite, Parameter } from "@blora/spec";
import { normalValues, ops, type Shape, sizeOf, type Tensor, uniformValues } from "@blora/tensor";

/** The trained matrices of an update as the step sees them: y = W0·x + B·A·drop(x). */
export interface TracedUpdate {
  /** [R, I] */
  readonly A: Tensor;
  /** [O, R], every scale folded in */
  readonly B: Tensor;
}

/** alpha / rank, or alpha / √rank where `useRslora` (Kalajdzievski, arXiv 2312.03732). */
export function scaleOf(alpha: number, rank: number, useRslora = false): number {
  return alpha / (useRslora ? Math.sqrt(rank) : rank);
}

/** The scale an adapter was trained with, which its layout holds; of one that an earlier version wrote, that of the options. */
export function ownScale({ scale }: JsonObject, ofOptions: number): number {
  return (scale as number | undefined) ?? ofOptions;
}

/** x [M, I] through the base and the update → [M, O]. */
export function applyUpdate(
  site: LinearSite,
  { A, B }: TracedUpdate,
  x: Tensor,
  base: BaseLinear,
  context: Context,
  probability: number,
): Tensor {
  if (probability === 0 || context.mode === "eval") return base.applyLowRank(x, A, B);
  const hidden = ops.matMul(dropout(x, probability, context, site.path), A, false, true); // [M, R]
  return ops.add(base.apply(x), ops.matMul(hidden, B, false, true)); // [M, O]
}

/** x with a share `probability` of its entries zeroed and the rest scaled up to keep the mean; x itself in evaluation. */
export function dropout(x: Tensor, probability: number, context: Context, path: string): Tensor {
  if (probability === 0 || context.mode === "eval") return x;
  return ops.mul(x, context.dropoutMask(`${path}/dropout`, x.shape, probability));
}

/**
 * U(-1/√I, 1/√I) for A [R, I]: Kaiming's uniform initialization with a = √5,
 * the start of PEFT's LoRA.
 */
export function kaimingUniform(
  site: LinearSite,
  name: string,
  shape: readonly [number, number],
  seed: number,
): Parameter {
  const bound = 1 / Math.sqrt(shape[1]);
  const values = uniformValues(initialNoise(site, name, seed), sizeOf(shape)).map((u) => (2 * u - 1) * bound);
  return { shape, values, group: "weights" };
}

export function normalParameter(
  site: LinearSite,
  name: string,
  shape: Shape,
  standardDeviation: number,
  seed: number,
): Parameter {
  return {
    shape,
    values: normalValues(initialNoise(site, name, seed), sizeOf(shape), standardDeviation),
    group: "weights",
  };
}

export function constantParameter(shape: Shape, value: number, group: Parameter["group"] = "weights"): Parameter {
  return { shape, values: new Float32Array(sizeOf(shape)).fill(value), group };
}

/** `init` keeps the address apart from the noise of training step 0. */
function initialNoise(site: LinearSite, name: string, seed: number) {
  return { seed, step: 0, path: `${site.path}/init/${name}` };
}
