import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { engine, findBackendFactory, type KernelBackend } from "@tensorflow/tfjs-core";
import type { Backend } from "./backend.ts";
import { addSegmentSum } from "./segment-sum.ts";
import { correctCastToBool } from "./wasm-cast.ts";
import { shareClones } from "./wasm-identity.ts";
import { speedUpMatMul } from "./wasm-matmul.ts";
import { guardWasmMemory, type WasmModule } from "./wasm-memory.ts";

const REGISTRY_NAME = "wasm";

/** WebAssembly with SIMD on one thread: tfjs cannot start wasm threads in Node. */
export async function loadWasm(): Promise<Backend> {
  const { setWasmPaths, version_wasm } = await import("@tensorflow/tfjs-backend-wasm");
  const { registry } = engine();
  if (registry[REGISTRY_NAME] === undefined) {
    const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
    setWasmPaths(join(dirname(entry), sep));
    // Not by `setBackend`, which leaves every other backend unusable until this one is ready.
    const backend: KernelBackend = await findBackendFactory(REGISTRY_NAME)!();
    registry[REGISTRY_NAME] ??= backend;
  }
  guardWasmMemory((registry[REGISTRY_NAME] as unknown as { wasm: WasmModule }).wasm);
  addSegmentSum(REGISTRY_NAME);
  shareClones();
  correctCastToBool();
  speedUpMatMul();
  return { id: "wasm", registryName: REGISTRY_NAME, threads: 1, version: version_wasm };
}
