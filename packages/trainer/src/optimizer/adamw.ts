/**
 * AdamW as Hugging Face's Trainer runs it (`torch.optim.AdamW`): decoupled
 * weight decay before the update, bias correction, epsilon outside the root
 * (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019).
 */

/** Running averages of one parameter. Every parameter counts its own steps, so one that appears late is corrected rightly. */
export interface Moments {
  /** Updates made so far. */
  step: number;
  /** m, average gradient */
  readonly first: Float32Array;
  /** v, average squared gradient */
  readonly second: Float32Array;
}

export interface AdamWSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export function freshMoments(size: number): Moments {
  return { step: 0, first: new Float32Array(size), second: new Float32Array(size) };
}

/** v corrected for its start at zero; zeros before the first update. */
export function averageSquare({ step, second }: Moments, beta2: number): Float32Array {
  return step === 0 ? new Float32Array(second.length) : second.map((v) => v / (1 - beta2 ** step));
}

/**
 * One update of `values` by `gradient`, in place. State is float32, arithmetic float64.
 *
 * @param scale what the gradient is multiplied by first, in place: clipping in the same pass over memory
 */
export function adamWUpdate(
  values: Float32Array,
  gradient: Float32Array,
  moments: Moments,
  { learningRate, beta1, beta2, epsilon, weightDecay }: AdamWSettings,
  scale = 1,
): void {
  const { first, second } = moments;
  moments.step += 1;
  const stepSize = learningRate / (1 - beta1 ** moments.step);
  const rootCorrection = Math.sqrt(1 - beta2 ** moments.step);
  const keep = 1 - learningRate * weightDecay;
  for (let index = 0; index < values.length; index++) {
    const g = Math.fround(gradient[index]! * scale);
    gradient[index] = g;
    const m = first[index]! + (1 - beta1) * (g - first[index]!);
    const v = beta2 * second[index]! + (1 - beta2) * g * g;
    first[index] = m;
    second[index] = v;
    values[index] = values[index]! * keep - (stepSize * m) / (Math.sqrt(v) / rootCorrection + epsilon);
  }
}
