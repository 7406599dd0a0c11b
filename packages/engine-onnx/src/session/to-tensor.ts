import type { Tensor, TensorConstructor } from "onnxruntime-common";
import type { FedTensor } from "../runtime.ts";

/** @param tensorClass of the build of ONNX Runtime that is fed */
export function toTensor({ values, shape }: FedTensor, tensorClass: TensorConstructor): Tensor {
  if (values instanceof Int8Array) return new tensorClass("int8", values, shape);
  if (values instanceof Uint8Array) return new tensorClass("uint8", values, shape);
  if (values instanceof Int32Array) return new tensorClass("int32", values, shape);
  return new tensorClass("float32", values, shape);
}
