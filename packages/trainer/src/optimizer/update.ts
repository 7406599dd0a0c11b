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

/**
 * Clips the gradients in place and makes one AdamW update of every trained
 * parameter. As in Hugging Face's Trainer, biases and norms are not decayed;
 * neither are gates and ranges.
 *
 * @returns gradient norm of weights and head before clipping
 */
export function updateParameters(
  state: TrainingState,
  gradients: ReadonlyMap<string, Float32Array>,
  { learningRates, maxGradNorm, weightDecay, ...adam }: UpdateSettings,
): number {
  const norms = CLIPPED_TOGETHER.map((groups) => {
    const names = [...ofGroups(state, groups).keys()];
    return clipByGlobalNorm(
      names.map((name) => gradients.get(name)!),
      maxGradNorm,
    );
  });
  for (const [name, { parameter, moments }] of state.entries()) {
    const { group, values } = parameter;
    if (group === "frozen" || moments === undefined) continue;
    const decays = (group === "weights" || group === "head") && !NOT_DECAYED.test(name);
    adamWUpdate(values, gradients.get(name)!, moments, {
      ...adam,
      learningRate: learningRates[group]!,
      weightDecay: decays ? weightDecay : 0,
    });
  }
  return norms[0]!;
}

/**
 * Scales the gradients in place so that their joint norm is at most `maxNorm`,
 * with the 1e-6 of `torch.nn.utils.clip_grad_norm_`. A `maxNorm` of 0 leaves them.
 *
 * @returns the norm before clipping
 */
export function clipByGlobalNorm(gradients: readonly Float32Array[], maxNorm: number): number {
  const norm = globalNorm(gradients);
  const scale = maxNorm / (norm + 1e-6);
  if (maxNorm === 0 || scale >= 1) return norm;
  for (const gradient of gradients) {
    for (let index = 0; index < gradient.length; index++) gradient[index] = gradient[index]! * scale;
  }
  return norm;
}

/** √Σ g² over all gradients, summed in float64. */
function globalNorm(gradients: Iterable<Float32Array>): number {
  let total = 0;
  for (const gradient of gradients) {
    for (let index = 0; index < gradient.length; index++) total += gradient[index]! * gradient[index]!;
  }
  return Math.sqrt(total);
}
