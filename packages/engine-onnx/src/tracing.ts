/** What needs no build of ONNX Runtime: from a step to the bytes of a model. */
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
