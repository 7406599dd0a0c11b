import type { Engine, Plugin } from "@blora/spec";
import { type OnnxEngineOptions, onnxPlugin } from "./engine.ts";
import { webRuntime } from "./web/runtime.ts";

type OnnxPlugin = Plugin<"engine", "onnx", OnnxEngineOptions | undefined, Engine>;

/**
 * Compiles a step (forward pass and gradient) into one ONNX graph and runs it
 * with ONNX Runtime in a page or a worker of one.
 */
export const onnx: OnnxPlugin = onnxPlugin(webRuntime());

/** `onnx` with ONNX Runtime's own `.wasm` and `.mjs` files at an address of one's own, which ends with a slash. */
export const onnxWithFiles = (files: string): OnnxPlugin => onnxPlugin(webRuntime(files));

export * from "./tracing.ts";
