import type { Graph, GraphNode } from "./graph.ts";

/**
 * The graph with every `after` as an edge, the only thing that decides when ONNX Runtime computes what: of each value that
 * is waited for an empty part of its shape is joined to the shape that the `Reshape` reads. Nothing is copied.
 */
export function withWaits(graph: Graph): Graph {
  if (graph.nodes.every(({ after }) => after === undefined)) return graph;
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const values = graph.nodes.flatMap(({ after, values = [] }) => (after === undefined ? [] : values));
  return { ...graph, values, nodes: graph.nodes.flatMap((node) => waiting(node, made)) };
}

function waiting({ after, ...node }: GraphNode, made: ReadonlySet<string>): GraphNode[] {
  const awaited = (after ?? []).filter((name) => made.has(name));
  if (awaited.length === 0) return [node];
  const [output] = node.outputs as [string];
  const [x, shape] = node.inputs as [string, string];
  const rank = node.values![0]!.shape.length;
  const parts = awaited.map((name, index) => {
    return shapeNode("Shape", [name], `${output}/after${index}`, 0, { start: 0, end: 0 });
  });
  const joined = shapeNode("Concat", [...parts.flatMap(({ outputs }) => outputs), shape], `${output}/shape`, rank, {
    axis: 0,
  });
  return [...parts, joined, { ...node, inputs: [x, ...joined.outputs] }];
}

function shapeNode(
  operator: string,
  inputs: readonly string[],
  name: string,
  size: number,
  attributes: GraphNode["attributes"],
): GraphNode {
  const values = [{ name, shape: [size], type: "int64" as const }];
  return { operator, domain: "", inputs, outputs: [name], attributes, macs: 0, values };
}
