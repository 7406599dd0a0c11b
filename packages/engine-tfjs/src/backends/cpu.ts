import { findBackend, version_core } from "@tensorflow/tfjs-core";
import type { Backend } from "./backend.ts";
import { correctBroadcastMatMul } from "./cpu-matmul.ts";
import { addSegmentSum } from "./segment-sum.ts";

interface CpuBackend {
  firstUse: boolean;
}

/** Plain JavaScript: slow, and the same everywhere. */
export async function loadCpu(): Promise<Backend> {
  await import("@tensorflow/tfjs-backend-cpu");
  // On first use the backend prints an advertisement for the native ones.
  (findBackend("cpu") as unknown as CpuBackend).firstUse = false;
  addSegmentSum("cpu");
  correctBroadcastMatMul();
  return { id: "cpu", registryName: "cpu", threads: 1, version: version_core };
}
