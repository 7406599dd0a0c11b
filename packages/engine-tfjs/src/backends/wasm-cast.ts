import { Cast, type TensorInfo } from "@tensorflow/tfjs-core";
import { wrapKernel } from "./wrap-kernel.ts";

interface WasmBackend {
  typedArrayFromHeap(info: TensorInfo): Float32Array | Int32Array | Uint8Array;
  makeOutput(shape: number[], dtype: "bool"): TensorInfo;
}

/**
 * Makes a cast to truth values mean "is not 0". The backend's own keeps the
 * lowest byte, by which 0.25 is false and -2 is 254.
 */
export function correctCastToBool(): void {
  wrapKernel(Cast, "wasm", (original) => (call) => {
    if (call.attrs?.dtype !== "bool") return original(call);
    const { x } = call.inputs as { x: TensorInfo };
    const backend = call.backend as WasmBackend;
    const out = backend.makeOutput(x.shape, "bool");
    const values = backend.typedArrayFromHeap(x);
    const truths = backend.typedArrayFromHeap(out);
    for (let index = 0; index < values.length; index++) truths[index] = Number(values[index] !== 0);
    return out;
  });
}
