import { type Initializer, writeModel } from "@blora/engine-onnx";
import type { ExportGraph } from "../graph/build-graph.ts";
import type { StoredTensor } from "../graph/stored-tensor.ts";

const OPERATOR_SET = 21;

/** The file of a graph that holds its weights. */
export function modelBytes(graph: ExportGraph, tensors: readonly StoredTensor[]): Uint8Array {
  const inline = tensors.map(({ name, shape, type, read }) => ({ name, shape, type, data: read() }));
  return modelWith(graph, inline, (file) => file);
}

/** @param nameOf what the graph calls a file of weights beside it */
export function modelWith(
  graph: ExportGraph,
  weights: readonly Initializer[],
  nameOf: (path: string) => string,
): Uint8Array {
  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const constants = graph.constants.filter(({ name }) => used.has(name)).map((constant) => ({ ...constant }));
  return writeModel({ ...graph, initializers: [...constants, ...weights], operatorSet: OPERATOR_SET }, nameOf);
}
