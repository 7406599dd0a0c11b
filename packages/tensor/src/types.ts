import type { Tensor as TfjsTensor } from "@tensorflow/tfjs-core";

/** A value in a computation: eager on a tfjs backend, symbolic while a step is traced. */
export type Tensor = TfjsTensor;

/** Named tensors, such as the parameters of one quantizer. */
export type TensorRecord = Readonly<Record<string, Tensor>>;

export type Shape = readonly number[];

export type DType = "float32" | "int32" | "bool";

export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Floats that live on the host, outside any engine. Row-major. */
export interface HostTensor {
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
