import type { Graph, GraphNode } from "./graph.ts";

/**
 * Nodes as a file should hold them, for ONNX Runtime to compute first what was traced first, and what depends on weights
 * alone, such as a cast, right before what takes it.
 *
 * ONNX Runtime keeps no order of a file. It starts at nodes that nothing reads and goes down to what they lack; where there
 * is a choice, to what stands last in the file. In the order of tracing it would therefore cast the weights of all layers
 * before the first product.
 */
export function inFileOrder({ nodes, initializers }: Pick<Graph, "nodes" | "initializers">): GraphNode[] {
  const constant = new Set(initializers.map(({ name }) => name));
  const backwards: Record<"constant" | "computed", GraphNode[]> = { constant: [], computed: [] };
  for (const node of nodes) {
    const isConstant = node.inputs.every((name) => constant.has(name));
    if (isConstant) for (const name of node.outputs) constant.add(name);
    backwards[isConstant ? "constant" : "computed"].unshift(node);
  }
  return [...backwards.constant, ...backwards.computed];
}

/** The order in which ONNX Runtime computes the nodes of a file: that of its `GraphViewer`. */
export function executionOrder(file: readonly GraphNode[]): GraphNode[] {
  const madeBy = new Map(file.flatMap(({ outputs }, index) => outputs.map((name) => [name, index] as const)));
  const sources = file.map(({ inputs }) => {
    const indices = new Set(inputs.flatMap((name) => madeBy.get(name) ?? []));
    return [...indices].sort((a, b) => a - b);
  });
  const isRead = new Set(sources.flat());
  const waiting = file.flatMap((_, index) => (isRead.has(index) ? [] : [{ index, isReady: false }]));
  const visited = new Set<number>();
  const order: GraphNode[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { index, isReady } = next;
    if (isReady) order.push(file[index]!);
    if (isReady || visited.has(index)) continue;
    visited.add(index);
    waiting.push({ index, isReady: true });
    for (const source of sources[index]!) if (!visited.has(source)) waiting.push({ index: source, isReady: false });
  }
  return order;
}
