import type { Adapter, Parameter, ParameterRecord } from "@blora/spec";
import { constantParameter } from "../low-rank.ts";

const MATRICES = ["A", "E", "B"] as const;

export interface ImportanceDecay {
  readonly beta1: number;
  readonly beta2: number;
}

/** Averages of a fresh adapter: importance Ī and uncertainty U of every entry of A, E and B. Saved, never trained. */
export function initialImportance(parameters: ParameterRecord): ParameterRecord {
  return Object.fromEntries(
    MATRICES.flatMap((matrix) => [
      [`importance.${matrix}`, constantParameter(parameters[matrix]!.shape, 0, "frozen")],
      [`uncertainty.${matrix}`, constantParameter(parameters[matrix]!.shape, 0, "frozen")],
    ]),
  );
}

/**
 * One step of the averages, in place (arXiv 2303.10512, eq. 8 to 10):
 * I = |p·∂L/∂p|, Ī ← β1·Ī + (1 - β1)·I, U ← β2·U + (1 - β2)·|I - Ī|.
 */
export function updateImportance(
  { parameters }: Adapter,
  gradientOf: (matrix: string) => Float32Array,
  { beta1, beta2 }: ImportanceDecay,
): void {
  for (const matrix of MATRICES) {
    const { values } = parameters[matrix]!;
    const importance = parameters[`importance.${matrix}`]!.values;
    const uncertainty = parameters[`uncertainty.${matrix}`]!.values;
    const gradient = gradientOf(matrix);
    for (let index = 0; index < values.length; index++) {
      const sensitivity = Math.abs(values[index]! * gradient[index]!);
      importance[index] = beta1 * importance[index]! + (1 - beta1) * sensitivity;
      uncertainty[index] = beta2 * uncertainty[index]! + (1 - beta2) * Math.abs(sensitivity - importance[index]!);
    }
  }
}

/** S_i = s(E_i) + mean_j s(A_ij) + mean_j s(B_ji) with s = Ī·U: the worth of every component of a site, [R]. */
export function componentScores({ parameters }: Adapter): Float64Array {
  const rank = parameters.E!.values.length;
  const entry = (matrix: string, index: number): number =>
    parameters[`importance.${matrix}`]!.values[index]! * parameters[`uncertainty.${matrix}`]!.values[index]!;
  const inFeatures = size(parameters.A!) / rank;
  const outFeatures = size(parameters.B!) / rank;
  return Float64Array.from({ length: rank }, (_, component) => {
    let fromA = 0;
    for (let input = 0; input < inFeatures; input++) fromA += entry("A", component * inFeatures + input);
    let fromB = 0;
    for (let output = 0; output < outFeatures; output++) fromB += entry("B", output * rank + component);
    return entry("E", component) + fromA / inFeatures + fromB / outFeatures;
  });
}

function size({ values }: Parameter): number {
  return values.length;
}
