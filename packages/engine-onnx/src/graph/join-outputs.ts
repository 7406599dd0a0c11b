import { sizeOf } from "@blora/tensor";
import { bytesOf, type Graph, type GraphNode } from "./graph.ts";

/** Name of the one output of a joined graph. */
export const JOINED = "joined";

const FLAT_SHAPE = "joined/shape";

/** The graph with one output: all of its own, flattened, in their order. A GPU hands that over in one transfer. */
export function joinOutputs(graph: Graph): Graph {
  const flat = graph.outputs.map(({ name }) => node("Reshape", [name, FLAT_SHAPE], `joined/${name}`, {}));
  const parts = flat.map(({ outputs }) => outputs[0]!);
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
