import type { ParameterGroup } from "@blora/spec";
import { ofGroups, type TrainingState } from "../state/training-state.ts";
import { type AdamWSettings, adamWUpdate } from "./adamw.ts";
import { clipByGlobalNorm } from "./clip.ts";

/** Gate logits beyond this carry no gradient: the sampled gate is all but constant there. */
export const GATE_LOGIT_LIMIT = 6;

/** Learning rates of one update, by group. */
export type LearningRates = Readonly<Record<Exclude<ParameterGroup, "frozen">, number>>;

export interface UpdateSettings extends Omit<AdamWSettings, "learningRate"> {
  readonly learningRates: LearningRates;
  /** Epsilon of the gates; `epsilon` is that of everything else. */
  readonly gateEpsilon: number;
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
  { learningRates, gateEpsilon, maxGradNorm, weightDecay, epsilon, ...adam }: UpdateSettings,
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
      learningRate: learningRates[group],
      epsilon: group === "gates" ? gateEpsilon : epsilon,
      weightDecay: decays ? weightDecay : 0,
    });
    if (group === "gates") clampInPlace(values, GATE_LOGIT_LIMIT);
  }
  return norms[0]!;
}

function clampInPlace(values: Float32Array, limit: number): void {
  for (let index = 0; index < values.length; index++) {
    values[index] = Math.min(limit, Math.max(-limit, values[index]!));
  }
}
