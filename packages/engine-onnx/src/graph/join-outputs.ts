import { sizeOf } from "@blora/tensor";
import { bytesOf, type Graph, type GraphNode } from "./graph.ts";

/** Name of the one output of a joined graph. */
export const JOINED = "joined";

const FLAT_SHAPE = "joined/shape";

/** The graph with one output: all of its own, flattened, in their order. A GPU hands that over in one transfer. */
export function joinOutputs(graph: Graph): Graph {
  const flatOf = (name: string): string => `joined/${name}`;
  const names = new Set(graph.outputs.map(({ name }) => name));
  // In the order they are made.
  const made = graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => names.has(name)));
  const flat = made.map((name) => node("Reshape", [name, FLAT_SHAPE], flatOf(name), {}));
  const parts = graph.outputs.map(({ name }) => flatOf(name));
  const size = graph.outputs.reduce((total, { shape }) => total + sizeOf(shape), 0);
  return {
    nodes: [...graph.nodes, ...flat, node("Concat", parts, JOINED, { axis: 0 })],
    initializers: [
      ...graph.initializers,
      { name: FLAT_SHAPE, shape: [1], type: "int64", data: bytesOf(BigInt64Array.of(-1n)) },
    ],
    inputs: graph.inputs,
    outputs: [{ name: JOINED, shape: [size], type: "float32" }],
  };
}

function node(operator: string, inputs: string[], output: string, attributes: GraphNode["attributes"]): GraphNode {
  return { operator, domain: "", inputs, outputs: [output], attributes, macs: 0 };
}
