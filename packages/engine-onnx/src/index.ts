export { type OnnxEngineOptions, onnx } from "./engine.ts";
export { countMacs, type Graph } from "./graph/graph.ts";
export { type TracedStep, traceStep } from "./trace/trace-step.ts";
