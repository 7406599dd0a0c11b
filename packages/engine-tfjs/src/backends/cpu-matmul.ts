import {
  BatchMatMul,
  broadcast_util,
  getKernel,
  type NamedAttrMap,
  Reshape,
  type TensorInfo,
  Tile,
} from "@tensorflow/tfjs-core";
import { wrapKernel } from "./wrap-kernel.ts";

interface CpuBackend {
  disposeIntermediateTensorInfo(info: TensorInfo): void;
}

/**
 * Makes products of batches that broadcast along different axes right. The
 * backend's own only broadcasts a batch of one, and gives too few values
 * otherwise.
 */
export function correctBroadcastMatMul(): void {
  wrapKernel(BatchMatMul, "cpu", (original) => (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const [own, other] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const alike = String(own) === String(other);
    if (alike || isOne(own) || isOne(other)) return original(call);
    const backend = call.backend as CpuBackend;
    const outer = broadcast_util.assertAndGetBroadcastShape(own, other);
    const [left, right] = [repeat(a, outer, backend), repeat(b, outer, backend)];
    const product = original({ ...call, inputs: { a: left, b: right } });
    backend.disposeIntermediateTensorInfo(left);
    backend.disposeIntermediateTensorInfo(right);
    return product;
  });
}

const isOne = (batch: readonly number[]): boolean => batch.every((length) => length === 1);

/** `x` repeated until its leading axes are `outer`. */
function repeat(x: TensorInfo, outer: readonly number[], backend: CpuBackend): TensorInfo {
  const missing = new Array<number>(outer.length + 2 - x.shape.length).fill(1);
  const shape = [...missing, ...x.shape];
  const reps = shape.map((length, axis) => (axis < outer.length ? outer[axis]! / length : 1));
  const reshaped = runKernel(Reshape, { x }, { shape }, backend);
  const repeated = runKernel(Tile, { x: reshaped }, { reps }, backend);
  backend.disposeIntermediateTensorInfo(reshaped);
  return repeated;
}

function runKernel(
  name: string,
  inputs: Record<string, TensorInfo>,
  attrs: NamedAttrMap,
  backend: CpuBackend,
): TensorInfo {
  return getKernel(name, "cpu")!.kernelFunc({ inputs, attrs, backend }) as TensorInfo;
}
