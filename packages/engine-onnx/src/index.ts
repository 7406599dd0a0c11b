import type { Engine, Plugin } from "@blora/spec";
import { type OnnxEngineOptions, onnxPlugin } from "./engine.ts";
import { nodeRuntime } from "./node/runtime.ts";

/**
 * Compiles a step (forward pass and gradient) into one ONNX graph and runs it
 * with ONNX Runtime. Frozen tensors are mapped from their files.
 */
export const onnx: Plugin<"engine", "onnx", OnnxEngineOptions | undefined, Engine> = onnxPlugin(nodeRuntime);

export * from "./tracing.ts";
