import type { Engine, Plugin } from "@blora/spec";
import { type OnnxEngineOptions, onnxPlugin } from "./engine.ts";
import { nodeRuntime } from "./node/runtime.ts";

/**
 * Compiles a step (forward pass and gradient) into one ONNX graph and runs it
 * with ONNX Runtime. Frozen tensors are mapped from their files.
 */
export const onnx: Plugin<"engine", "onnx", OnnxEngineOptions | undefined, Engine> = onnxPlugin(nodeRuntime);

export type { OnnxEngineOptions } from "./engine.ts";
export {
  type Attribute,
  countMacs,
  type ElementType,
  type Graph,
  type GraphNode,
  type Initializer,
} from "./graph/graph.ts";
export { type Model, type ModelValue, writeModel } from "./graph/write-model.ts";
export { graphName, type OperatorChoice, type TracedStep, traceStep } from "./trace/trace-step.ts";
