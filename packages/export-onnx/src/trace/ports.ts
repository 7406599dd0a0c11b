import type { ElementType, ModelValue } from "@blora/engine-onnx";
import type { DType } from "@blora/tensor";

/** An input or output of the exported graph. Dimensions with a name may have any size. */
export interface Port extends ModelValue {
  /** Name the traced step gives it. */
  readonly traced: string;
}

/** An input, and the type the forward pass takes it as. */
export interface InputPort extends Port {
  readonly as: DType;
}

export interface Ports {
  readonly inputs: readonly InputPort[];
  readonly outputs: readonly Port[];
}

/** A size of no name is fixed; `past + sequence` is a sum of two. */
export function sizeAt(dimension: number | string, sizes: Readonly<Record<string, number>>): number {
  if (typeof dimension === "number") return dimension;
  return dimension.split(" + ").reduce((sum, name) => sum + sizes[name]!, 0);
}

export const inputPort = (
  traced: string,
  name: string,
  shape: readonly (number | string)[],
  type: ElementType,
  as: DType,
): InputPort => ({ traced, name, shape, type, as });
