import { Identity, type TensorInfo } from "@tensorflow/tfjs-core";
import { wrapKernel } from "./wrap-kernel.ts";

interface WasmBackend {
  incRef(dataId: object): void;
}

/**
 * Makes clones share their data, as on every other backend. tfjs saves a clone
 * of whatever a gradient needs: copying them takes time and memory, and frees
 * data that hand-written gradients count on.
 */
export function shareClones(): void {
  wrapKernel(Identity, "wasm", () => ({ inputs, backend }) => {
    const { dataId, shape, dtype } = inputs.x as TensorInfo;
    (backend as WasmBackend).incRef(dataId);
    return { dataId, shape, dtype };
  });
}
