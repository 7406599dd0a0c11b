import type { Weight } from "../weights.ts";
import type { ExportGraph } from "./build-graph.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** A graph with the tensors it is written with. */
export interface StoredGraph {
  readonly graph: ExportGraph;
  readonly tensors: readonly StoredTensor[];
}

/** The weights a graph uses, in float32 whatever the checkpoint stores. */
export function floatWeights(graph: ExportGraph, weights: ReadonlyMap<string, Weight>): StoredTensor[] {
  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  return [...weights].filter(([name]) => used.has(name)).map(([name, weight]) => floatTensor(name, weight));
}

export function floatTensor(name: string, { shape, read }: Pick<Weight, "shape" | "read">): StoredTensor {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return {
    name,
    shape,
    type: "float32",
    bytes: 4 * size,
    read() {
      const { buffer, byteOffset, byteLength } = read();
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  };
}
