import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { TracingBackend } from "./backend.ts";

/** Appends the nodes of one tfjs kernel and returns the tensors that stand for its outputs. */
export type TracedKernel = (inputs: object, attributes: object, backend: TracingBackend) => TensorInfo | TensorInfo[];

/** States the inputs and attributes a kernel is called with; tfjs passes them untyped. */
export function kernel<Inputs, Attributes = object>(
  trace: (inputs: Inputs, attributes: Attributes, backend: TracingBackend) => TensorInfo | TensorInfo[],
): TracedKernel {
  return trace as unknown as TracedKernel;
}

export interface Unary {
  readonly x: TensorInfo;
}

export interface Binary {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}
