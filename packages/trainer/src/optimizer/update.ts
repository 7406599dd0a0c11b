import type { ParameterGroup } from "@blora/spec";
import { ofGroups, type TrainingState } from "../state/training-state.ts";
import { type AdamWSettings, adamWUpdate } from "./adamw.ts";
import type { LearningRates } from "./learning-rates.ts";

export interface UpdateSettings extends Omit<AdamWSettings, "learningRate"> {
  /** One for each group that is trained. */
  readonly learningRates: LearningRates;
  /** 0 turns clipping off. */
  readonly maxGradNorm: number;
}

const NOT_DECAYED = /\.bias$|norm\.weight$/i;

/** Weights and head share one norm, as in Hugging Face's Trainer; gates and ranges must not be drowned by it. */
const CLIPPED_TOGETHER: readonly (readonly ParameterGroup[])[] = [["weights", "head"], ["gates"], ["ranges"]];

/** Norms of the gradients that are clipped together: of weights and head, of gates, of ranges. Not finite where an entry is not. */
export function gradientNorms(
  state: TrainingState,
  gradients: ReadonlyMap<string, Float32Array>,
): Readonly<Record<string, number>> {
  const norms = CLIPPED_TOGETHER.flatMap((groups) => {
    const names = [...ofGroups(state, groups).keys()];
    const norm = globalNorm(names.map((name) => gradients.get(name)!));
    return groups.map((group) => [group, norm] as const);
  });
  return Object.fromEntries(norms);
}

/**
 * Clips the gradients in place and makes one AdamW update of every trained
 * parameter, in one pass over memory. As in Hugging Face's Trainer, biases and
 * norms are not decayed; neither are gates and ranges.
 *
 * @param norms of `gradientNorms`
 */
export function updateParameters(
  state: TrainingState,
  gradients: ReadonlyMap<string, Float32Array>,
  norms: Readonly<Record<string, number>>,
  { learningRates, maxGradNorm, weightDecay, ...adam }: UpdateSettings,
): void {
  for (const [name, { parameter, moments }] of state.entries()) {
    const { group, values } = parameter;
    if (group === "frozen" || moments === undefined) continue;
    const decays = (group === "weights" || group === "head") && !NOT_DECAYED.test(name);
    const settings = { ...adam, learningRate: learningRates[group]!, weightDecay: decays ? weightDecay : 0 };
    adamWUpdate(values, gradients.get(name)!, moments, settings, clippingScale(norms[group]!, maxGradNorm));
  }
}

/**
 * Scales the gradients in place so that their joint norm is at most `maxNorm`,
 * with the 1e-6 of `torch.nn.utils.clip_grad_norm_`. A `maxNorm` of 0 leaves them.
 *
 * @returns the norm before clipping
 */
export function clipByGlobalNorm(gradients: readonly Float32Array[], maxNorm: number): number {
  const norm = globalNorm(gradients);
  const scale = clippingScale(norm, maxNorm);
  if (scale === 1) return norm;
  for (const gradient of gradients) {
    for (let index = 0; index < gradient.length; index++) gradient[index] = gradient[index]! * scale;
  }
  return norm;
}

/** What `clipByGlobalNorm` scales gradients of that norm by, at most 1. */
function clippingScale(norm: number, maxNorm: number): number {
  return maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}

/** √Σ g² over all gradients, summed in float64. */
function globalNorm(gradients: Iterable<Float32Array>): number {
  let total = 0;
  for (const gradient of gradients) {
    for (let index = 0; index < gradient.length; index++) total += gradient[index]! * gradient[index]!;
  }
  return Math.sqrt(total);
}
