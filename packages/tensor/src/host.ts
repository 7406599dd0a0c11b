import "@tensorflow/tfjs-backend-cpu";
import { findBackend, getBackend, setBackend, tidy } from "@tensorflow/tfjs-core";
import type { Tensor } from "./types.ts";

const HOST_BACKEND = "cpu";

/**
 * Values of a small computation, done at once on the host whatever backend is
 * active: for what happens between steps, such as rounding a trained matrix
 * for export. Rounds to float32 op by op, as engines do.
 *
 * @param compute makes its own inputs; nothing it makes is kept
 */
export function evaluateOnHost(compute: () => Tensor): Float32Array {
  const previous = getBackend();
  // Keeps the backend from advertising native bindings on its first write.
  Object.assign(findBackend(HOST_BACKEND), { firstUse: false });
  // Takes effect at once: only backends that start asynchronously have anything to wait for.
  void setBackend(HOST_BACKEND);
  try {
    let values = new Float32Array();
    tidy(() => {
      values = Float32Array.from(compute().dataSync());
    });
    return values;
  } finally {
    if (previous) void setBackend(previous);
  }
}
