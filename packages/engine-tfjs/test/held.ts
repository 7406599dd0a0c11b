import { memory } from "@tensorflow/tfjs-core";

/** What the current backend holds. */
export function held(): { readonly tensors: number; readonly bytes: number } {
  const { numTensors, numBytes } = memory();
  return { tensors: numTensors, bytes: numBytes };
}
