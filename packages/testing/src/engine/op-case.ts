import { type HostTensor, type Shape, sizeOf, type Tensor, uniformValues } from "@blora/tensor";
import type { Float64Tensor } from "./float64.ts";

/** Whole numbers an op takes, such as indices. They are fed as int32 and carry no gradient. */
export interface IntegerTensor {
  readonly shape: Shape;
  readonly values: Int32Array;
}

export type CaseInput = HostTensor | IntegerTensor;

/** One call of an op, with the same maths in plain JavaScript. */
export interface OpCase {
  /** Starts with the op, then says what is special about the call. */
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  compute(...inputs: Tensor[]): Tensor;
  /** `compute` in double precision. Integers arrive as numbers. */
  reference(...inputs: Float64Tensor[]): Float64Tensor;
  /**
   * How the gradient by the float inputs is checked: against finite
   * differences of `reference` by default, not at all, or against a formula
   * where differences say nothing (straight-through) or cost too much.
   * `dy` has the shape of the result.
   */
  readonly gradient?: "none" | ((dy: Float64Tensor, ...inputs: Float64Tensor[]) => readonly Float64Tensor[]);
}

export function isInteger(input: CaseInput): input is IntegerTensor {
  return input.values instanceof Int32Array;
}

/** Reproducible values in (low, high), another set for every label. */
export function floats(label: string, shape: Shape, low = -2, high = 2): HostTensor {
  const uniforms = uniformValues({ seed: 1, step: 0, path: `engine cases/${label}` }, sizeOf(shape));
  return { shape, values: uniforms.map((u) => low + (high - low) * u) };
}

/** Values of both signs with |x| in (0.1, 2): away from the kink of abs, relu and step. */
export function awayFromZero(label: string, shape: Shape): HostTensor {
  const { values } = floats(label, shape, -1.9, 1.9);
  return { shape, values: values.map((x) => x + (x < 0 ? -0.1 : 0.1)) };
}

export function integers(shape: Shape, values: readonly number[]): IntegerTensor {
  return { shape, values: Int32Array.from(values) };
}
