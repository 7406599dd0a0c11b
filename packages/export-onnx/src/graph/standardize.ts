import type { Graph, GraphNode } from "@blora/engine-onnx";

/**
 * The same graph in ONNX's own operators where the tracer used those of ONNX
 * Runtime: a product with a transposed operand becomes a `Gemm`, or a
 * `Transpose` and a `MatMul`. Needs shapes, so it comes before sizes are unified.
 */
export function standardize(graph: Graph): Graph {
  const ranks = new Map([...graph.inputs, ...graph.initializers].map(({ name, shape }) => [name, shape.length]));
  const nodes = graph.nodes.flatMap((node) => {
    node.outputs.forEach((name, output) => void ranks.set(name, node.shapes![output]!.length));
    return node.operator === "FusedMatMul" ? product(node, ranks) : [node];
  });
  return { ...graph, nodes };
}

function product(node: GraphNode, ranks: ReadonlyMap<string, number>): GraphNode[] {
  const [a, b] = node.inputs as [string, string];
  const { transA, transB } = node.attributes as { transA: number; transB: number };
  const plain = { ...node, domain: "", attributes: {} };
  if (transA === 0 && ranks.get(a) === 2 && ranks.get(b) === 2)
    return [{ ...plain, operator: "Gemm", attributes: { transB } }];
  const before: GraphNode[] = [];
  const operand = (name: string, transposed: number, side: string): string => {
    if (transposed === 0) return name;
    const output = `${node.outputs[0]}_${side}`;
    const perm = lastTwoSwapped(ranks.get(name)!);
    before.push({ ...plain, operator: "Transpose", inputs: [name], outputs: [output], attributes: { perm }, macs: 0 });
    return output;
  };
  const inputs = [operand(a, transA, "left"), operand(b, transB, "right")];
  return [...before, { ...plain, operator: "MatMul", inputs }];
}

function lastTwoSwapped(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}
